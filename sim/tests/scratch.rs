//! What simulated disks take of the memory, if there is a scratch file for them.

use std::alloc::System;
use windtunnel::fs::File;
use windtunnel::memory::{CountingAllocator, held};
use windtunnel::time::{Duration, sleep};
use windtunnel::world::disk::Scratch;
use windtunnel::world::{Outcome, Simulation};
use windtunnel::{NodeId, Seed};

#[global_allocator]
static ALLOCATOR: CountingAllocator<System> = CountingAllocator(System);

const NODES: u32 = 4;
const BUDGET: i64 = 1 << 20;
const PIECE: usize = 16 << 10;

/// What a run holds besides what it holds anyway, when each of its nodes has so many files of so many pieces on its disk.
fn held_for(scratch: Option<Scratch>, files: usize, pieces: usize) -> i64 {
    let main = move || async move {
        for number in 0..files {
            let file = File::create(&number.to_string()).await.expect("the disk is sound");
            for piece in 0..pieces {
                file.write_at((piece * PIECE) as u64, &[7; PIECE]).await.expect("there is room");
            }
        }
        windtunnel::node::control(|_| async { Vec::new() });
    };
    let simulation = Simulation::new(Seed(1)).nodes(NODES, main).with(|options| options.scratch = scratch);
    let report = simulation.run(move |tester| async move {
        let before = held();
        for node in (1..=NODES).map(NodeId) {
            while tester.control(node, Vec::new()).await.is_err() {
                sleep(Duration::from_millis(1)).await;
            }
        }
        let on_disks: u64 = (1..=NODES).map(|node| tester.disk_bytes(NodeId(node))).sum();
        assert_eq!(on_disks, u64::from(NODES) * (files * pieces * PIECE) as u64);
        held() - before
    });
    let Outcome::Finished(held) = report.outcome else { panic!("{:?}", report.outcome) };
    held
}

/// Many short files, as a worker that sorts leaves them, some that end behind a block, and a long one.
#[test]
fn long_and_short_files_together_stay_within_a_budget() {
    for (files, pieces) in [(100, 3), (60, 5), (1, 300)] {
        let scratch = Scratch::below(&std::env::temp_dir()).expect("there is a directory for what is temporary");
        let (beside, in_memory) = (held_for(Some(scratch), files, pieces), held_for(None, files, pieces));
        let bytes = i64::from(NODES) * (files * pieces * PIECE) as i64;
        assert!(beside < BUDGET, "{files} files of {pieces} pieces: {beside} bytes");
        assert!(
            in_memory >= bytes,
            "{files} files of {pieces} pieces: {in_memory} of {bytes} bytes, so nothing was measured"
        );
    }
}
