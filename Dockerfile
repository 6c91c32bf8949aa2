# The production image: the program without the demo, as a user without rights, its data in /data.
#
#   docker build -t kiosk .
#   docker run -d --name kiosk -v kiosk:/data -e KIOSK_TELEGRAM__TOKEN=… kiosk
#   docker exec kiosk kiosk check
#
# `deploy/rehearse` takes the build steps without any container; docs/operators/install.md has its figures.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
# The dependencies alone: built again only when a manifest changes. Empty files stand for our own.
COPY Cargo.toml Cargo.lock build.rs ./
COPY .cargo/config.toml .cargo/
COPY emulator/Cargo.toml emulator/
COPY benches/load/Cargo.toml benches/load/
RUN mkdir -p src emulator/src benches/load/src migrations locales \
    && touch src/lib.rs emulator/src/lib.rs \
    && for main in src emulator/src benches/load/src; do echo 'fn main() {}' > $main/main.rs; done \
    && echo 'fn main() {}' > benches/sales.rs \
    && cargo build --release --locked --no-default-features --package kiosk
COPY . .
# Cargo looks at times, and a copy may be older than what was just built.
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --no-default-features --package kiosk \
    && mkdir -p target/empty

# The program needs libc and libgcc and nothing else: roots of trust and time zones are inside it. So there is no shell
# here and no package manager. Not musl: its allocator is slow where threads share it, and SQLite would want a second
# C compiler.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/kiosk /usr/local/bin/kiosk
# A volume takes the owner of the folder that it is mounted over: 65532 is `nonroot`.
COPY --from=build --chown=65532:65532 /src/target/empty /data
USER 65532:65532
WORKDIR /data
VOLUME /data
ENV KIOSK_DATABASE__URL=sqlite:///data/kiosk.db \
    KIOSK_WEB__LISTEN=0.0.0.0:8080 \
    KIOSK_WEB__OPS_LISTEN=0.0.0.0:9090 \
    KIOSK_LOG__FORMAT=json
EXPOSE 8080 9090
# Longer than the 30 s that the shop gives what is at work: `docker stop --time 40`, `stop_grace_period` in compose.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=3 CMD ["/usr/local/bin/kiosk", "health"]
ENTRYPOINT ["/usr/local/bin/kiosk"]
CMD ["run"]
