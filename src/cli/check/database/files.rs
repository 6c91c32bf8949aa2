//! Products that are files: whether each has one, whether it is where it belongs, and whether customers can fetch it.

use super::{Level, Report, named, names};
use crate::config::Config;
use crate::shop::catalogue::Kind;
use crate::shop::downloads::File;

pub(super) fn check(
    report: &mut Report,
    config: &Config,
    levels: &[Level],
    files: &[(String, File)],
) {
    let sold = levels.iter().filter(|level| level.kind == Kind::Download);
    let sold: Vec<&Level> = sold.collect();
    let without = sold.iter().filter(|level| !level.has_file).copied();
    let without: Vec<&Level> = without.collect();
    if !without.is_empty() {
        report.warning(
            "files",
            format!(
                "can't be bought, because they have no file: {}",
                names(&without)
            ),
            "`kiosk import file PRODUCT FILE`",
        );
    }
    if !sold.is_empty() && config.web.public_url.is_none() {
        report.warning(
            "files",
            format!(
                "nobody can fetch them, because the shop has no pages: {}",
                names(&sold)
            ),
            "set web.listen and web.public_url: customers download from the shop's pages",
        );
    }
    let Some(folder) = config.files() else {
        if !sold.is_empty() || !files.is_empty() {
            report.wrong(
                "files",
                "downloads.folder is not set, and a shop on PostgreSQL needs one for its files",
                "set KIOSK_DOWNLOADS__FOLDER to a folder that every process of the shop reaches",
            );
        }
        return;
    };
    let missing = files.iter().filter(|(_, file)| !folder.has(file));
    let missing: Vec<&str> = missing.map(|(slug, _)| slug.as_str()).collect();
    if !missing.is_empty() {
        report.wrong(
            "files",
            format!(
                "not in {}, or not whole: {}",
                folder.path().display(),
                named(&missing)
            ),
            "bring the folder back from your backup, or import them again: `kiosk import file PRODUCT FILE`",
        );
    } else if !files.is_empty() {
        report.ok(
            "files",
            format!("{} in {}", files.len(), folder.path().display()),
        );
    }
}
