//! Migrations and texts are embedded: a new file among them makes the program new.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=locales");
}
