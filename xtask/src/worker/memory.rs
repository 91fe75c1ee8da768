//! What a worker's memory came to, as the system counts it: what the worker says of itself proves nothing.

/// The most that a process held at once, in bytes. Linux tells; where there is no `/proc` nobody does.
pub fn peak_bytes(process: u32) -> Option<u64> {
    parse(&std::fs::read_to_string(format!("/proc/{process}/status")).ok()?)
}

/// `VmHWM:    35012 kB`, where kB are 1,024 bytes.
fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_bytes_and_not_the_present_size() {
        let status = "Name:\tworker\nVmPeak:\t  90000 kB\nVmHWM:\t   35012 kB\nVmRSS:\t   20000 kB\n";
        assert_eq!(parse(status), Some(35_012 * 1_024));
    }

    #[test]
    fn a_process_without_memory_has_no_peak() {
        assert_eq!(parse("Name:\tworker\nState:\tZ (zombie)\n"), None);
        assert_eq!(parse("VmHWM:\tmany kB\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_holds_at_least_what_it_has_touched() {
        let touched = std::hint::black_box(vec![1_u8; 32 << 20]);
        let peak = peak_bytes(std::process::id()).expect("Linux tells");
        assert!(peak >= touched.len() as u64, "{peak}");
    }
}
