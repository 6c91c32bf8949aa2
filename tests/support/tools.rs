//! Programs of others that a test asks: named, installed, or unpacked by `./test`.

use std::path::{Path, PathBuf};

/// The program `name`. A variable such as `KIOSK_TEST_NGINX` names another one.
pub fn tool(name: &str) -> PathBuf {
    let variable = format!("KIOSK_TEST_{}", name.to_uppercase());
    if let Some(path) = std::env::var_os(&variable) {
        return path.into();
    }
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target")
        .join(name);
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&folders)
        .chain([unpacked, PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(name));
    found.find(|path| path.is_file()).unwrap_or_else(|| {
        panic!("this test needs {name}: install it (./test fetches it by itself), or name it in {variable}")
    })
}
