//! What a node holds on the heap: what it keeps, and nothing of what it handed on.

#[path = "support/echo.rs"]
mod echo;

use echo::Echo;
use std::alloc::System;
use std::time::Duration;
use windtunnel::memory::CountingAllocator;
use windtunnel::net;
use windtunnel::time::sleep;
use windtunnel::world::Simulation;
use windtunnel::{NodeId, Seed};

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);

#[global_allocator]
static ALLOCATOR: CountingAllocator<System> = CountingAllocator(System);

/// A node that only hands bytes on holds none of them; one that keeps them does.
#[test]
fn bytes_count_to_the_node_that_keeps_them() {
    const BLOCK: usize = 100_000;
    let peak = |keep: bool| {
        let main = move || async move {
            let kept = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
            net::serve(move |_, Echo(text)| {
                if keep {
                    kept.borrow_mut().push(text);
                }
                async { String::new() }
            });
        };
        let report = Simulation::new(Seed(7)).nodes(1, main).run(|_| async {
            for _ in 0..20 {
                net::call(A, Echo("x".repeat(BLOCK))).await.expect("the node answers");
            }
        });
        report.counters.peak_heap as usize
    };
    assert!((0..4 * BLOCK).contains(&peak(false)), "{}", peak(false));
    assert!((20 * BLOCK..24 * BLOCK).contains(&peak(true)), "{}", peak(true));
}

/// Of two nodes that are told the same, the one that keeps it is the one that held it.
#[test]
fn the_most_that_each_node_held_is_told_of_each() {
    const BLOCK: usize = 100_000;
    let main = || async {
        let kept = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        net::serve(move |_, Echo(text)| {
            if windtunnel::node::id() == A {
                kept.borrow_mut().push(text);
            }
            async { String::new() }
        });
    };
    let report = Simulation::new(Seed(7)).nodes(2, main).run(|_| async {
        for node in [A, B].repeat(20) {
            net::call(node, Echo("x".repeat(BLOCK))).await.expect("the node answers");
        }
    });
    let counters = report.counters;
    assert!((20 * BLOCK..24 * BLOCK).contains(&(counters.peak_heaps[&A] as usize)), "{counters:?}");
    assert!((1..4 * BLOCK).contains(&(counters.peak_heaps[&B] as usize)), "{counters:?}");
    assert_eq!(counters.peak_heap, counters.peak_heaps[&A]);
}

/// What is on a node's disk is not in its memory.
#[test]
fn bytes_that_were_written_to_the_disk_are_held_no_more() {
    const BLOCK: usize = 100_000;
    let main = || async {
        let file = windtunnel::fs::File::create("file").await.expect("the disk is empty");
        for block in 0..20 {
            let data = vec![7; BLOCK];
            let offset = (block * BLOCK) as u64;
            file.write_through(offset, &data).await.expect("there is room");
            file.write_at(offset, &data).await.expect("there is room");
        }
    };
    let report = Simulation::new(Seed(7)).nodes(1, main).run(|_| sleep(Duration::from_secs(1)));
    assert_eq!(report.counters.disks[0].syncs, 20);
    assert!(report.counters.peak_heap < 6 * BLOCK as u64, "{}", report.counters.peak_heap);
}

/// Nor are the names of files, however many it has made and removed.
#[test]
fn names_that_were_handed_to_the_disk_are_held_no_more() {
    let main = || async {
        for number in 0..2_000 {
            let (old, new) = (format!("{number:0200}"), format!("new {number:0200}"));
            drop(windtunnel::fs::File::create(&old).await.expect("the disk is sound"));
            windtunnel::fs::rename(&old, &new).await.expect("it is there");
            windtunnel::fs::remove_file(&new).await.expect("it is there");
        }
        windtunnel::fs::File::create("done").await.expect("the disk is sound");
        net::serve(|_, Echo(text)| async { text });
    };
    let report = Simulation::new(Seed(7))
        .nodes(1, main)
        .run(|_| async { while net::call(A, Echo("one".into())).await.is_err() {} });
    assert!(report.counters.peak_heap < 50_000, "{}", report.counters.peak_heap);
}
