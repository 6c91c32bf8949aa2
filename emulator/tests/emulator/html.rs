//! Telegram's HTML, good and bad.

use crate::support::Bench;
use serde_json::{Value, json};

/// Type, offset and length of an entity.
type Found = (&'static str, u64, u64);

#[tokio::test]
async fn good_html_becomes_text_and_entities() {
    let bench = Bench::start().await;
    // Source, text, and the entities as (type, offset, length).
    let table: [(&str, &str, &[Found]); 16] = [
        ("plain", "plain", &[]),
        (
            "<b>a</b> <strong>b</strong>",
            "a b",
            &[("bold", 0, 1), ("bold", 2, 1)],
        ),
        (
            "<i>a</i><em>b</em>",
            "ab",
            &[("italic", 0, 1), ("italic", 1, 1)],
        ),
        (
            "<u>a</u><ins>b</ins>",
            "ab",
            &[("underline", 0, 1), ("underline", 1, 1)],
        ),
        (
            "<s>a</s><strike>b</strike><del>c</del>",
            "abc",
            &[
                ("strikethrough", 0, 1),
                ("strikethrough", 1, 1),
                ("strikethrough", 2, 1),
            ],
        ),
        (
            "<span class=\"tg-spoiler\">a</span><tg-spoiler>b</tg-spoiler>",
            "ab",
            &[("spoiler", 0, 1), ("spoiler", 1, 1)],
        ),
        (
            "<b>a<i>b</i></b>",
            "ab",
            &[("bold", 0, 2), ("italic", 1, 1)],
        ),
        ("😀<code>k</code>", "😀k", &[("code", 2, 1)]),
        ("<pre>x</pre>", "x", &[("pre", 0, 1)]),
        (
            "<pre><code class=\"language-rust\">x</code></pre>",
            "x",
            &[("pre", 0, 1)],
        ),
        (
            "<a href='https://a.example/?a=1&amp;b=2'>x</a>",
            "x",
            &[("text_link", 0, 1)],
        ),
        ("<blockquote>x</blockquote>", "x", &[("blockquote", 0, 1)]),
        (
            "<blockquote expandable>x</blockquote>",
            "x",
            &[("expandable_blockquote", 0, 1)],
        ),
        (
            "&lt;b&gt; &amp; &quot;&#33;&#x21; &nbsp; &",
            "<b> & \"!! &nbsp; &",
            &[],
        ),
        ("<B>x</B >", "x", &[("bold", 0, 1)]),
        (" \n<b>x</b> ", "x", &[("bold", 0, 1)]),
    ];
    for (source, text, entities) in table {
        let params = json!({ "chat_id": bench.ann, "text": source, "parse_mode": "HTML" });
        let message = bench.call("sendMessage", params).await;
        assert_eq!(message["text"], text, "{source}");
        let empty = Vec::new();
        let found: Vec<_> = message["entities"]
            .as_array()
            .unwrap_or(&empty)
            .iter()
            .map(|entity| {
                let number = |name: &str| entity[name].as_u64().unwrap();
                (
                    entity["type"].as_str().unwrap(),
                    number("offset"),
                    number("length"),
                )
            })
            .collect();
        assert_eq!(found, entities, "{source}");
    }
    let message = bench.control.messages(bench.ann);
    let link = message
        .iter()
        .find_map(|message| message.entities.first()?.url.clone());
    assert_eq!(link.as_deref(), Some("https://a.example/?a=1&b=2"));
    let language = message
        .iter()
        .find_map(|message| message.entities.first()?.language.clone());
    assert_eq!(language.as_deref(), Some("rust"));
}

#[tokio::test]
async fn bad_html_is_refused_in_telegrams_words() {
    let bench = Bench::start().await;
    let table = [
        ("<x>a</x>", "Unsupported start tag \"x\" at byte offset 0"),
        ("й <br>", "Unsupported start tag \"br\" at byte offset 3"),
        ("1 < 2", "Unsupported start tag \"\" at byte offset 2"),
        ("1 <", "Unclosed start tag at byte offset 2"),
        ("a <3 b>", "Unsupported start tag \"3\" at byte offset 2"),
        (
            "<b>a",
            "Can't find end tag corresponding to start tag \"b\"",
        ),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        (
            "<b><i>a</b></i>",
            "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\"",
        ),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        (
            "<span>a</span>",
            "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0",
        ),
        (
            "<a href>x</a>",
            "Expected equal sign in declaration of an attribute of the tag \"a\" at byte offset 0",
        ),
        ("<a href=\"x>y</a>", "Unclosed start tag at byte offset 0"),
        (
            "<a ='x'>y</a>",
            "Empty attribute name in the tag \"a\" at byte offset 0",
        ),
    ];
    for (source, expected) in table {
        let params = json!({ "chat_id": bench.ann, "text": source, "parse_mode": "HTML" });
        let refusal = bench.refused("sendMessage", params).await;
        assert_eq!(
            refusal,
            format!("Bad Request: can't parse entities: {expected}"),
            "{source}"
        );
    }
}

#[tokio::test]
async fn without_a_parse_mode_tags_are_text() {
    let bench = Bench::start().await;
    let params = json!({ "chat_id": bench.ann, "text": "<b>a & b" });
    let message = bench.call("sendMessage", params).await;
    assert_eq!(message["text"], "<b>a & b");
    assert_eq!(message["entities"], Value::Null);
}
