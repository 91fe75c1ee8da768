//! What map tasks have left on this worker, and how others fetch it.

use super::index;
use super::scratch::FileNumber;
use crate::messages::{Fetch, Piece, Trouble, WorkerId};
use lab_mapreduce::JobId;
use std::cell::{Cell, RefCell};
use std::io;
use std::ops::Range;
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

/// The outputs of all map tasks of the job at hand. Where they are is on the disk as well: a file has its task's name.
#[derive(Debug)]
pub struct Outputs {
    id: WorkerId,
    held: RefCell<Held>,
    /// How often this worker has said that another one is not to be reached.
    complaints: Cell<u64>,
}

/// Of which tasks there are outputs.
#[derive(Debug, Default)]
struct Held {
    job: Option<JobId>,
    /// A bit for each task: this is all that a worker's memory has of a map task that it has done.
    maps: Vec<u64>,
}

impl Outputs {
    pub fn new(id: WorkerId) -> Self {
        Outputs { id, held: RefCell::default(), complaints: Cell::new(0) }
    }

    /// Lets others fetch.
    pub fn serve(self: Rc<Self>) {
        net::serve(move |_, fetch: Fetch| {
            let outputs = self.clone();
            // A disk that fails is as good as one that has nothing.
            async move { if fetch.of == outputs.id { outputs.read(&fetch).await.ok().flatten() } else { None } }
        });
    }

    /// A map task of the job at hand is done, and that file is its output.
    pub async fn add(&self, job: JobId, map: u32, file: FileNumber) -> io::Result<()> {
        self.held.borrow_mut().add(job, map);
        fs::rename(&file.name(), &name(job, map)).await
    }

    /// Removes what is of other jobs.
    pub async fn keep_only(&self, job: Option<JobId>) {
        if self.held.borrow().job == job {
            return;
        }
        let old = self.held.take();
        for name in old.names() {
            let _ = fs::remove_file(&name).await;
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
                Err(_) if begun.elapsed() > GIVEN_UP_AFTER => return Err(self.unreachable(map, from)),
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    fn unreachable(&self, map: u32, from: WorkerId) -> Trouble {
        let number = self.complaints.get() + 1;
        self.complaints.set(number);
        Trouble::Unreachable { map, from, number }
    }

    async fn read(&self, fetch: &Fetch) -> io::Result<Option<Piece>> {
        let file = File::open(&name(fetch.job, fetch.map)).await?;
        let entry = file.read_at(index::place(fetch.reduce), index::ENTRY).await?;
        let Some(Range { start, end }) = index::read(&entry) else { return Ok(None) };
        let from = (start + fetch.from).min(end);
        let length = PIECE.min((end - from) as usize);
        let bytes = if length == 0 { Vec::new() } else { file.read_at(from, length).await? };
        Ok(Some(Piece { bytes, length: end - start }))
    }
}

impl Held {
    fn add(&mut self, job: JobId, map: u32) {
        self.job = Some(job);
        let word = map as usize / 64;
        if self.maps.len() <= word {
            self.maps.resize(word + 1, 0);
        }
        self.maps[word] |= 1 << (map % 64);
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let all = 0..self.maps.len() as u32 * 64;
        let maps = all.filter(|map| self.maps[*map as usize / 64] >> (map % 64) & 1 == 1);
        self.job.into_iter().flat_map(move |job| maps.clone().map(move |map| name(job, map)))
    }
}

/// What the output of a map task is called.
fn name(job: JobId, map: u32) -> String {
    format!("{}-map-{map}", job.0)
}
