//! A person's traces in what was received and sent. Facts that are handled and letters that are over keep their rows, which
//! say that they were there, and lose everything that says who it was.
//!
//! A person is the chat of their Telegram id. Facts of other chats and of none that name the id, such as a question before a
//! payment or a forwarded message, are theirs, too: the id is looked for in the JSON, as Telegram writes it.

use crate::store::{StoreError, Tx};
use crate::{binds, sql};

/// Whose traces.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Their Telegram id, which is their chat.
    pub id: i64,
    /// The name that takes its place: nobody's.
    pub instead: i64,
}

/// Rows up to which both boxes have been gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// In the inbox.
    pub fact: i64,
    /// In the outbox.
    pub letter: i64,
}

/// The rows that name a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    facts: Vec<i64>,
    letters: Vec<i64>,
}

/// What of a person is not over yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// News of money that is not handled, or could not be.
    Money,
    /// A letter that is on its way at this moment.
    Letter,
}

/// What takes the place of a body.
const NOTHING: &str = "{}";
/// Words of a fact that is about money.
const MONEY: [&[u8]; 4] = [
    b"\"successful_payment\"",
    b"\"refunded_payment\"",
    b"\"pre_checkout_query\"",
    b"\"payload\"",
];

sql! {
    END = "forget.end",
        "SELECT (SELECT COALESCE(MAX(seq), 0) FROM inbox), (SELECT COALESCE(MAX(id), 0) FROM outbox)";
    LETTERS = "forget.letters",
        "SELECT id FROM outbox WHERE id > $3 AND id <= $4
         AND (chat_id = $1 OR payload LIKE $2 OR payload LIKE $5)";
    // Of news for staff, the key says to whom they went.
    LETTER = "forget.letter",
        "UPDATE outbox SET payload = $3, error = NULL, changed_at = $4,
             dedup_key = CASE WHEN kind = 'alert' THEN 'alert:forgotten:' || CAST(id AS TEXT) ELSE dedup_key END,
             chat_id = CASE WHEN chat_id IS NULL THEN NULL ELSE $2 END
         WHERE id = $1 AND state IN ('sent', 'cancelled', 'uncertain')";
    FACT = "forget.fact",
        "UPDATE inbox SET raw = $4, error = NULL,
             screen_owed = CASE WHEN lane = $2 THEN NULL ELSE screen_owed END,
             lane = CASE WHEN lane = $2 THEN $3 ELSE lane END
         WHERE seq = $1 AND state = 'done'";
    UNSENT = "forget.unsent",
        "UPDATE outbox SET state = 'cancelled', changed_at = $3
         WHERE state = 'pending' AND (chat_id = $1 OR payload LIKE $2 OR payload LIKE $4)";
    SENDING = "forget.sending",
        "SELECT id FROM outbox
         WHERE state = 'sending' AND (chat_id = $1 OR payload LIKE $2 OR payload LIKE $3) LIMIT 1";
    DEAD_LETTERS = "forget.dead_letters",
        "SELECT id FROM outbox
         WHERE state = 'dead' AND (chat_id = $1 OR payload LIKE $2 OR payload LIKE $3)";
    // What is said of a fact that nobody could handle may quote it.
    TASKS = "forget.tasks",
        "UPDATE attention SET detail = $2
         WHERE kind = 'inbox.dead' AND state = 'resolved' AND EXISTS (
             SELECT 1 FROM inbox i
             WHERE i.seq = CASE WHEN attention.kind = 'inbox.dead' THEN CAST(attention.subject AS BIGINT) END
                 AND i.lane = $1)";
    DIALOGUE = "forget.dialogue", "DELETE FROM dialogues WHERE chat_id = $1";
}
sql! {
    FACTS = "forget.facts",
        sqlite: "SELECT seq FROM inbox WHERE seq > $6 AND seq <= $7
                 AND (lane = $1 OR instr(raw, $2) > 0 OR instr(raw, $3) > 0 OR instr(raw, $4) > 0 OR instr(raw, $5) > 0)",
        postgres: "SELECT seq FROM inbox WHERE seq > $6 AND seq <= $7
                 AND (lane = $1 OR position($2 IN raw) > 0 OR position($3 IN raw) > 0
                     OR position($4 IN raw) > 0 OR position($5 IN raw) > 0)";
    OPEN_FACTS = "forget.open_facts",
        sqlite: "SELECT seq, state, raw FROM inbox WHERE state IN ('new', 'dead')
                 AND (lane = $1 OR instr(raw, $2) > 0 OR instr(raw, $3) > 0 OR instr(raw, $4) > 0 OR instr(raw, $5) > 0)",
        postgres: "SELECT seq, state, raw FROM inbox WHERE state IN ('new', 'dead')
                 AND (lane = $1 OR position($2 IN raw) > 0 OR position($3 IN raw) > 0
                     OR position($4 IN raw) > 0 OR position($5 IN raw) > 0)";
    LANE = "forget.lane",
        sqlite: "SELECT $1",
        postgres: "DELETE FROM lanes WHERE lane = $1 RETURNING lane";
}

impl Person {
    /// How JSON names them: by the id of a person or of a chat, and as the payer in a list of movements.
    fn names(self) -> [Vec<u8>; 4] {
        let id = self.id;
        [
            format!("\"id\":{id},"),
            format!("\"id\":{id}}}"),
            format!("\"user\":{id},"),
            format!("\"user\":{id}}}"),
        ]
        .map(String::into_bytes)
    }

    /// How the payload of a letter names them that has no chat: among other fields, and as the last one.
    fn addressed(self) -> [String; 2] {
        let id = self.id;
        [format!("%\"to\":{id},%"), format!("%\"to\":{id}}}%")]
    }
}

/// The end of both boxes now. What stands before it is looked through beforehand, a piece at a time.
pub async fn end(tx: &mut Tx<'_>) -> Result<Mark, StoreError> {
    let (fact, letter): (i64, i64) = tx.one(&END, binds![]).await?;
    Ok(Mark { fact, letter })
}

/// What of a person is not over, if anything.
pub async fn unfinished(tx: &mut Tx<'_>, person: Person) -> Result<Option<Unfinished>, StoreError> {
    for (.., raw) in open_facts(tx, person).await? {
        let says = |word: &[u8]| raw.windows(word.len()).any(|part| part == word);
        if MONEY.into_iter().any(says) {
            return Ok(Some(Unfinished::Money));
        }
    }
    let [to, at_last] = person.addressed();
    let sending: Option<(i64,)> = tx
        .optional(&SENDING, binds![person.id, to, at_last])
        .await?;
    Ok(sending.map(|_| Unfinished::Letter))
}

/// Adds the rows between two marks that name a person.
pub async fn find(
    tx: &mut Tx<'_>,
    person: Person,
    after: Mark,
    until: Mark,
) -> Result<Traces, StoreError> {
    let [a, b, c, d] = person.names();
    let facts = binds![person.id, a, b, c, d, after.fact, until.fact];
    let facts: Vec<(i64,)> = tx.all(&FACTS, facts).await?;
    let [to, at_last] = person.addressed();
    let letters = binds![person.id, to, after.letter, until.letter, at_last];
    let letters: Vec<(i64,)> = tx.all(&LETTERS, letters).await?;
    Ok(Traces {
        facts: facts.into_iter().map(|row| row.0).collect(),
        letters: letters.into_iter().map(|row| row.0).collect(),
    })
}

impl Traces {
    /// Takes others in.
    pub fn add(&mut self, others: Traces) {
        self.facts.extend(others.facts);
        self.letters.extend(others.letters);
    }
}

/// Forgets a person: letters that were not sent are cancelled, what nobody could handle is let go, the conversation ends,
/// and rows that are over lose what they say. `found` are those up to `end`. A fact that still waits stays: it is handled as
/// that of somebody new.
pub async fn forget(
    tx: &mut Tx<'_>,
    person: Person,
    found: &Traces,
    end: Mark,
) -> Result<(), StoreError> {
    let Person { id, instead } = person;
    let (now, [to, at_last]) = (tx.now(), person.addressed());
    for (seq, state, _) in open_facts(tx, person).await? {
        if state == "dead" {
            super::inbox::drop_dead(tx, seq).await?;
        }
    }
    let dead: Vec<(i64,)> = tx.all(&DEAD_LETTERS, binds![id, to, at_last]).await?;
    for (letter,) in dead {
        if let Some(letter) = super::outbox::dead_one(tx, letter).await? {
            super::outbox::drop_dead(tx, &letter).await?;
        }
    }
    tx.execute(&UNSENT, binds![id, to, now, at_last]).await?;
    tx.execute(&DIALOGUE, binds![id]).await?;
    // Whoever works on the chat sees that the lane is gone, and takes it anew.
    tx.all::<(i64,)>(&LANE, binds![id]).await?;
    let mut all = found.clone();
    let now_end = self::end(tx).await?;
    all.add(find(tx, person, end, now_end).await?);
    for seq in all.facts {
        tx.execute(&FACT, binds![seq, id, instead, NOTHING.as_bytes()])
            .await?;
    }
    tx.execute(&TASKS, binds![instead, NOTHING]).await?;
    for letter in all.letters {
        tx.execute(&LETTER, binds![letter, instead, NOTHING, now])
            .await?;
    }
    Ok(())
}

async fn open_facts(
    tx: &mut Tx<'_>,
    person: Person,
) -> Result<Vec<(i64, String, Vec<u8>)>, StoreError> {
    let [a, b, c, d] = person.names();
    tx.all(&OPEN_FACTS, binds![person.id, a, b, c, d]).await
}
