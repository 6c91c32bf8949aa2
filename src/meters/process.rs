//! What the process takes from the machine, under the names that all of Prometheus' clients use, and how busy the
//! runtime is. Read from `/proc`; elsewhere than on Linux the first part is missing.

use std::fs::{read_dir, read_to_string};

use tokio::runtime::Handle;

use super::page::Page;

/// The kernel tells times in ticks of 1/100 s on every architecture that Rust's standard library runs on.
const TICKS: f64 = 100.0;
/// Memory is told in KiB.
const KIB: u64 = 1_024;

/// Writes the process' families.
pub fn show(page: &mut Page) {
    // `pid (name) state ppid …`: the name may hold anything, so the numbers are counted from its end.
    let stat = read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let numbers: Vec<&str> = after_name.split_ascii_whitespace().collect();
    let ticks = |at: usize| numbers.get(at)?.parse::<u64>().ok();
    if let (Some(user), Some(system)) = (ticks(11), ticks(12)) {
        page.counter(
            "process_cpu_seconds_total",
            "User and system processor time spent in seconds.",
            (user + system) as f64 / TICKS,
        );
    }
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(resident) = field(&status, "VmRSS:") {
        page.gauge(
            "process_resident_memory_bytes",
            "Resident memory size in bytes.",
            resident * KIB,
        );
    }
    if let Some(whole) = field(&status, "VmSize:") {
        page.gauge(
            "process_virtual_memory_bytes",
            "Virtual memory size in bytes.",
            whole * KIB,
        );
    }
    if let Some(threads) = field(&status, "Threads:") {
        page.gauge(
            "process_threads",
            "Operating system threads of the process.",
            threads,
        );
    }
    if let Ok(open) = read_dir("/proc/self/fd") {
        // The folder itself is open while it is read.
        page.gauge(
            "process_open_fds",
            "Open file descriptors.",
            open.count().saturating_sub(1),
        );
    }
    let limits = read_to_string("/proc/self/limits").unwrap_or_default();
    if let Some(most) = field(&limits, "Max open files") {
        page.gauge(
            "process_max_fds",
            "File descriptors that the process may have open.",
            most,
        );
    }
    let machine = read_to_string("/proc/stat").unwrap_or_default();
    if let (Some(booted), Some(since)) = (field(&machine, "btime"), ticks(19)) {
        page.gauge(
            "process_start_time_seconds",
            "Start time of the process since the Unix epoch in seconds.",
            booted as f64 + since as f64 / TICKS,
        );
    }
}

/// The first number after a name at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// Writes the families of the runtime that it is called on.
pub fn show_runtime(page: &mut Page) {
    let runtime = Handle::current().metrics();
    let workers = runtime.num_workers();
    page.gauge("kiosk_runtime_workers", "Threads that run tasks.", workers);
    page.gauge(
        "kiosk_runtime_alive_tasks",
        "Tasks that have begun and not ended.",
        runtime.num_alive_tasks(),
    );
    page.gauge(
        "kiosk_runtime_queued_tasks",
        "Tasks in the queue that all workers share.",
        runtime.global_queue_depth(),
    );
    let busy = (0..workers).map(|worker| runtime.worker_total_busy_duration(worker).as_secs_f64());
    page.counter(
        "kiosk_runtime_busy_seconds_total",
        "Time that the workers spent running tasks, all of them together.",
        busy.sum::<f64>(),
    );
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_process_and_its_runtime_are_told() {
        let mut page = Page::default();
        show(&mut page);
        show_runtime(&mut page);
        let text = page.text();
        let value = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(name));
            let line = line.unwrap_or_else(|| panic!("{name}: {text}"));
            line.rsplit(' ').next().unwrap().parse().unwrap()
        };
        assert!(value("process_resident_memory_bytes ") > 1_000_000.0);
        assert!(value("process_open_fds ") >= 3.0);
        assert!(value("process_threads ") >= 1.0);
        assert!(value("process_cpu_seconds_total ") < 60.0);
        assert!(value("process_start_time_seconds ") > 1_700_000_000.0);
        assert!(value("kiosk_runtime_workers ") >= 1.0);
    }

    #[test]
    fn fields_are_found() {
        assert_eq!(
            field("VmSize:\t 7 kB\nVmRSS:\t  12 kB\n", "VmRSS:"),
            Some(12)
        );
        assert_eq!(
            field(
                "Max open files            1024  4096 files",
                "Max open files"
            ),
            Some(1024)
        );
        assert_eq!(
            field("Max open files            unlimited", "Max open files"),
            None
        );
        assert_eq!(field("", "btime"), None);
    }
}
