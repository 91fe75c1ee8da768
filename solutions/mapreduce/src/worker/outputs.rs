//! What map tasks have left on this worker, and how others fetch it.

use super::scratch::FileNumber;
use crate::messages::{Fetch, Piece, Trouble, WorkerId};
use lab_mapreduce::JobId;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use windtunnel::fs::{self, File};
use windtunnel::net;
use windtunnel::time::{Instant, sleep};

/// A partition is fetched in pieces of so many bytes.
const PIECE: usize = 16 << 10;

/// A call without an answer is given up after, and made again.
const PATIENCE: Duration = Duration::from_millis(500);

/// Who is not answered asks again after.
const PAUSE: Duration = Duration::from_millis(100);

/// And says after so long that there is nobody.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(2);

/// The outputs of all map tasks of the job at hand.
#[derive(Debug)]
pub struct Outputs {
    id: WorkerId,
    known: RefCell<BTreeMap<(JobId, u32), Rc<Output>>>,
}

/// The output of a map task: a file, and where each partition begins in it, and where the last one ends.
#[derive(Debug)]
pub struct Output {
    pub file: FileNumber,
    pub begins: Vec<u64>,
}

impl Outputs {
    pub fn new(id: WorkerId) -> Self {
        Outputs { id, known: RefCell::default() }
    }

    /// Lets others fetch.
    pub fn serve(self: Rc<Self>) {
        net::serve(move |_, fetch: Fetch| {
            let outputs = self.clone();
            // A disk that fails is as good as one that has nothing.
            async move { if fetch.of == outputs.id { outputs.read(&fetch).await.ok().flatten() } else { None } }
        });
    }

    pub fn add(&self, job: JobId, map: u32, output: Output) {
        self.known.borrow_mut().insert((job, map), Rc::new(output));
    }

    /// Removes what is of other jobs.
    pub async fn keep_only(&self, job: Option<JobId>) {
        let old: Vec<Rc<Output>> = {
            let mut known = self.known.borrow_mut();
            let keys: Vec<_> = known.keys().filter(|(of, _)| Some(*of) != job).copied().collect();
            keys.iter().filter_map(|key| known.remove(key)).collect()
        };
        for output in old {
            let _ = fs::remove_file(&output.file.name()).await;
        }
    }

    /// A piece of a partition: from this disk, or over the network.
    ///
    /// # Errors
    /// If it is not to be had.
    pub async fn fetch(&self, fetch: &Fetch) -> Result<Piece, Trouble> {
        let (map, from) = (fetch.map, fetch.of);
        let gone = || Trouble::Gone { map, from };
        if fetch.of == self.id {
            return self.read(fetch).await.ok().flatten().ok_or_else(gone);
        }
        let begun = Instant::now();
        loop {
            match net::call(fetch.of.node, fetch.clone()).timeout(PATIENCE).await {
                Ok(piece) => return piece.ok_or_else(gone),
                Err(_) if begun.elapsed() > GIVEN_UP_AFTER => return Err(Trouble::Unreachable { map, from }),
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    async fn read(&self, fetch: &Fetch) -> io::Result<Option<Piece>> {
        let output = self.known.borrow().get(&(fetch.job, fetch.map)).cloned();
        let Some(output) = output else { return Ok(None) };
        let place = fetch.reduce as usize;
        let (Some(begin), Some(end)) = (output.begins.get(place), output.begins.get(place + 1)) else {
            return Ok(None);
        };
        let from = (begin + fetch.from).min(*end);
        let length = PIECE.min((end - from) as usize);
        let bytes =
            if length == 0 { Vec::new() } else { File::open(&output.file.name()).await?.read_at(from, length).await? };
        Ok(Some(Piece { bytes, length: end - begin }))
    }
}
