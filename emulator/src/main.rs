//! The emulator as a program: `kiosk-emulator --listen 127.0.0.1:8081 --token 1:abc --log world.jsonl`.

use kiosk_emulator::Options;
use std::{env, error::Error, io::Write, process::ExitCode};

const USAGE: &str = "\
usage: kiosk-emulator [--listen ADDRESS] [--token TOKEN] [--log FILE]

  --listen ADDRESS  where to listen (127.0.0.1:8081)
  --token TOKEN     take this bot token only
  --log FILE        append charges, refunds, messages and confirmed updates as JSON lines";

fn main() -> ExitCode {
    match parsed(env::args().skip(1)) {
        Ok(Some(options)) => match run(options) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("kiosk-emulator: {error}");
                ExitCode::FAILURE
            }
        },
        Ok(None) => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Err(mistake) => {
            eprintln!("kiosk-emulator: {mistake}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// `None` asks for help.
fn parsed(mut args: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        listen: ([127, 0, 0, 1], 8081).into(),
        ..Options::default()
    };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "-h" | "--help" => return Ok(None),
            "--listen" => {
                let text = value()?;
                options.listen = text
                    .parse()
                    .map_err(|_| format!("{text} is not an address with a port"))?;
            }
            "--token" => options.token = Some(value()?),
            "--log" => options.log = Some(value()?.into()),
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok(Some(options))
}

fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let emulator = kiosk_emulator::start(options).await?;
        // Nobody listens any more: it serves all the same.
        let _ = writeln!(
            std::io::stdout(),
            "Bot API  {}\nChat     {}",
            emulator.url(),
            emulator.chat_url()
        );
        tokio::signal::ctrl_c().await?;
        emulator.stop().await;
        Ok(())
    })
}
