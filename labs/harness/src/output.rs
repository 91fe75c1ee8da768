//! Captures what lab code writes to standard output and error, past `tracing`.
//!
//! Only a recorded run captures: it reads after every step what was written meanwhile, so each line
//! has its node and its virtual time. What is written is kept up to a cap and never parsed.

use crate::protocol::{OutputRecord, OutputStream};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::stdio;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use windtunnel::NodeId;
use windtunnel::world::Moment;

/// How much of the output of one run is kept.
const CAP_BYTES: usize = 1 << 20;

/// Standard output and error, pointed at files of memory until this is dropped.
#[derive(Debug)]
pub(crate) struct Capture {
    streams: [Stream; 2],
    room: usize,
}

#[derive(Debug)]
struct Stream {
    kind: OutputStream,
    file: File,
    original: OwnedFd,
    /// Bytes taken so far.
    taken: u64,
    /// The start of a line whose end has not been written yet.
    partial: Vec<u8>,
}

impl Capture {
    /// Points standard output and error of the process at files of memory.
    ///
    /// # Errors
    /// When the system has no descriptors or memory left.
    pub fn begin() -> io::Result<Self> {
        let stdout = Stream::open(OutputStream::Stdout, rustix::io::dup(stdio::stdout())?)?;
        let stderr = Stream::open(OutputStream::Stderr, rustix::io::dup(stdio::stderr())?)?;
        stdio::dup2_stdout(&stdout.file)?;
        stdio::dup2_stderr(&stderr.file)?;
        Ok(Capture { streams: [stdout, stderr], room: CAP_BYTES })
    }

    /// Takes what the step that has just ended wrote.
    pub fn take(&mut self, moment: Moment, node: NodeId, output: &mut Vec<OutputRecord>) {
        // `print!` without a line's end waits in std's buffer.
        let _ = io::stdout().flush();
        for stream in &mut self.streams {
            // What cannot be read back is lost to the report, and no reason to end the run.
            let _ = stream.take(moment, node, &mut self.room, output);
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let _ = io::stdout().flush();
        let _ = stdio::dup2_stdout(&self.streams[0].original);
        let _ = stdio::dup2_stderr(&self.streams[1].original);
    }
}

impl Stream {
    fn open(kind: OutputStream, original: OwnedFd) -> io::Result<Self> {
        let file = File::from(memfd_create("windtunnel-output", MemfdFlags::CLOEXEC)?);
        Ok(Stream { kind, file, original, taken: 0, partial: Vec::new() })
    }

    fn take(
        &mut self,
        moment: Moment,
        node: NodeId,
        room: &mut usize,
        output: &mut Vec<OutputRecord>,
    ) -> io::Result<()> {
        let end = self.file.stream_position()?;
        if end == self.taken {
            return Ok(());
        }
        // The descriptor shares its position with lab code's: put it back where it was.
        self.file.seek(SeekFrom::Start(self.taken))?;
        let wanted = usize::try_from(end - self.taken).unwrap_or(usize::MAX).min(*room);
        let mut bytes = vec![0; wanted];
        let read = self.file.read_exact(&mut bytes);
        self.file.seek(SeekFrom::Start(end))?;
        read?;
        self.taken = end;
        *room -= wanted;
        self.partial.append(&mut bytes);
        while let Some(length) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=length).collect();
            output.push(OutputRecord {
                event: moment.event.0,
                at_ns: moment.at.0,
                node,
                stream: self.kind,
                text: String::from_utf8_lossy(&line[..length]).into_owned(),
            });
        }
        Ok(())
    }
}
