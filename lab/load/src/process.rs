//! What another process takes, as Linux tells it.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// A process that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// Bytes of memory that are resident. What the kernel holds for its sockets is not among them.
    pub(crate) fn memory(self) -> Result<u64> {
        let path = format!("/proc/{}/status", self.0);
        let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        Ok(kib.context("the process tells no memory")? * 1024)
    }

    /// Processor time of all its threads that are still there.
    pub(crate) fn time(self) -> Result<Duration> {
        let path = format!("/proc/{}/task", self.0);
        let threads = fs::read_dir(&path).with_context(|| format!("cannot read {path}"))?;
        let mut nanoseconds = 0;
        for thread in threads {
            // A thread may end meanwhile.
            let text = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            let first = text
                .split(' ')
                .next()
                .and_then(|first| first.parse::<u64>().ok());
            nanoseconds += first.unwrap_or(0);
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_something() {
        let this = Process(std::process::id());
        assert!(this.memory().unwrap() > 0);
        assert!(this.time().unwrap() > Duration::ZERO);
        assert!(Process(u32::MAX).memory().is_err());
    }
}
