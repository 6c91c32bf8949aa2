//! The tree that categories make: no circles, and not too deep to walk through in a chat.

use std::collections::{BTreeMap, HashMap};

use super::{CategoryDraft, Problem};

/// So many categories may stand inside each other.
pub const DEEPEST: usize = 5;

/// What is wrong with the tree that the file's categories make together with those of the shop, each of which is its
/// slug and its parent's. The file wins where both know a category. Parents that nobody knows are left to others.
pub fn circles_and_depth(
    file: &[CategoryDraft],
    shop: &[(String, Option<String>)],
) -> Vec<Problem> {
    let in_shop = shop
        .iter()
        .map(|(slug, parent)| (slug.as_str(), parent.as_deref()));
    let named = file.iter().filter(|draft| !draft.slug.is_empty());
    let in_file = named.map(|draft| {
        let parent = draft.parent.as_ref().map(|parent| parent.name.as_str());
        (draft.slug.as_str(), parent)
    });
    let parents: BTreeMap<&str, Option<&str>> = in_shop.chain(in_file).collect();
    let lines: HashMap<&str, usize> = file
        .iter()
        .map(|draft| {
            let parent = draft.parent.as_ref();
            (
                draft.slug.as_str(),
                parent.map_or(draft.line, |parent| parent.line),
            )
        })
        .collect();
    let mut problems = BTreeMap::new();
    for slug in parents.keys() {
        let (path, is_circle) = path_up(slug, &parents);
        // The first on the way up that the file has put there.
        let Some((_, line)) = path.iter().find_map(|slug| lines.get_key_value(slug)) else {
            continue;
        };
        let what = if is_circle {
            let (first, rest) = (path[0], path[1..].join(", "));
            if rest.is_empty() {
                format!("the category {first:?} is its own parent, expected another or none")
            } else {
                format!(
                    "the category {first:?} is inside itself by way of {rest}, expected a parent outside of it"
                )
            }
        } else if path.len() > DEEPEST {
            format!(
                "the category {:?} is {} levels deep, expected at most {DEEPEST}: hang it higher",
                path[0],
                path.len()
            )
        } else {
            continue;
        };
        // A circle is told once, and so is a branch that hangs too deep.
        let told_by = if is_circle {
            path.iter().filter_map(|slug| lines.get(slug)).min()
        } else {
            None
        };
        problems.entry(*told_by.unwrap_or(line)).or_insert(what);
    }
    problems
        .into_iter()
        .map(|(line, what)| Problem { line, what })
        .collect()
}

/// The category and those above it; whether the way leads back to the category itself. A circle further up is that
/// circle's affair: the way ends before it.
fn path_up<'a>(
    slug: &'a str,
    parents: &BTreeMap<&'a str, Option<&'a str>>,
) -> (Vec<&'a str>, bool) {
    let mut path = vec![slug];
    let mut at = slug;
    while let Some(Some(parent)) = parents.get(at) {
        if *parent == slug {
            return (path, true);
        }
        if path.contains(parent) {
            return (vec![slug], false);
        }
        if !parents.contains_key(parent) {
            break;
        }
        path.push(parent);
        at = parent;
    }
    (path, false)
}

#[cfg(test)]
mod tests {
    use super::super::Mention;
    use super::*;
    use crate::shop::texts::Texts;

    fn file(categories: &[(&str, &str)]) -> Vec<CategoryDraft> {
        let draft = |(at, (slug, parent)): (usize, &(&str, &str))| CategoryDraft {
            line: at + 1,
            slug: (*slug).to_owned(),
            parent: (!parent.is_empty()).then(|| Mention {
                name: (*parent).to_owned(),
                line: at + 1,
            }),
            title: Texts::default(),
        };
        categories.iter().enumerate().map(draft).collect()
    }

    fn shop(categories: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let row = |(slug, parent): &(&str, &str)| {
            let parent = (!parent.is_empty()).then(|| (*parent).to_owned());
            ((*slug).to_owned(), parent)
        };
        categories.iter().map(row).collect()
    }

    fn told(in_file: &[(&str, &str)], in_shop: &[(&str, &str)]) -> Vec<String> {
        let problems = circles_and_depth(&file(in_file), &shop(in_shop));
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_tree_is_fine_and_a_circle_is_told_once() {
        let tree = [("a", ""), ("b", "a"), ("c", "b"), ("d", "a")];
        assert_eq!(told(&tree, &[]), [""; 0]);
        assert_eq!(
            told(&[("a", "a")], &[]),
            ["line 1: the category \"a\" is its own parent, expected another or none"]
        );
        assert_eq!(
            told(
                &[("x", ""), ("a", "c"), ("b", "a"), ("c", "b"), ("d", "c")],
                &[]
            ),
            [
                "line 2: the category \"a\" is inside itself by way of c, b, expected a parent outside of it"
            ]
        );
    }

    #[test]
    fn the_shops_categories_count() {
        let moved = told(&[("top", "leaf")], &[("top", ""), ("leaf", "top")]);
        assert_eq!(moved.len(), 1, "{moved:?}");
        assert!(moved[0].contains("inside itself"), "{moved:?}");
        assert_eq!(told(&[("a", "nowhere")], &[]), [""; 0]);
        let deep = shop_of(5);
        let deep: Vec<_> = deep.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(told(&[("z", "")], &deep), [""; 0]);
        assert_eq!(
            told(&[("z", "c5")], &deep),
            ["line 1: the category \"z\" is 6 levels deep, expected at most 5: hang it higher"]
        );
        // Not only what the file names: what hangs below it moves along.
        assert_eq!(
            told(&[("z", ""), ("c1", "z")], &deep),
            ["line 2: the category \"c5\" is 6 levels deep, expected at most 5: hang it higher"]
        );
    }

    fn shop_of(depth: usize) -> Vec<(String, String)> {
        (1..=depth)
            .map(|at| {
                let parent = if at == 1 {
                    String::new()
                } else {
                    format!("c{}", at - 1)
                };
                (format!("c{at}"), parent)
            })
            .collect()
    }
}
