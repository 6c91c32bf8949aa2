# The verbs of a day.

# List them
default:
    @just --list

# A stocked shop in a chat page
demo:
    cargo run -- demo

# Everything that must pass; words select tests
test *words:
    ./test {{words}}

# Formatting and lints, mended where a tool can
lint:
    cargo fmt --all
    cargo clippy --workspace --all-targets

# Accept changed snapshots after reading them
review:
    cargo insta review

# Sales a second by the use-cases alone
bench *flags:
    cargo bench --bench sales -- {{flags}}

# What the whole program can take: rows by name, or all
load *rows:
    cargo run --profile bench -p kiosk-load -- {{rows}}

# Licences, sources and advisories of all dependencies
deny:
    cargo deny check

# Take each guard out and see its tests go red
guards *words:
    tests/guards/check {{words}}
