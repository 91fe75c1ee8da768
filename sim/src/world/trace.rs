//! The trace hash: one number for everything that happened in a run.
//!
//! It folds, in order, each event (number of the node, time, kind, its ids) and each effect (kind,
//! ids, and the bytes that leave the node: bodies, file contents, observations). Bytes that only
//! come back in an event are folded where they left a node; what a disk answers is folded in the
//! event, since rot may have changed it. Log lines are left out, and so is everything that recording adds.

use crate::fold::Fold;
use crate::line::{ControlFailure, DiskReply, DiskRequest, DiskResult, Effect, Event, Rejection, TimerId};
use crate::units::{Nanos, NodeId};

/// Room for most commands, serialised.
const COMMAND_BYTES: usize = 128;

/// Folds an event that a node is about to handle.
#[inline]
pub(super) fn event(fold: &mut Fold, now: Nanos, node: NodeId, event: &Event) {
    fold.word(now.0);
    let mut kind = |kind: u64, word: u64| {
        fold.word(u64::from(node.0) << 8 | kind);
        fold.word(word);
    };
    match event {
        Event::Start(start) => kind(1, u64::from(start.incarnation.0)),
        Event::Request { from, call, .. } => {
            kind(2, call.0);
            fold.word(u64::from(from.0));
        }
        Event::Reply { call, .. } => kind(3, call.0),
        Event::Refused { call } => kind(4, call.0),
        Event::Reset { peer, method } => {
            kind(5, u64::from(peer.0));
            fold.bytes(method.as_bytes());
        }
        Event::Timer(timer) => kind(6, timer_word(*timer)),
        Event::Disk { operation, result } => {
            kind(7, operation.0);
            disk_result(fold, result);
        }
        Event::Control { id, .. } => kind(8, id.0),
        Event::ControlReply { id, result } => {
            kind(9, id.0);
            fold.word(match result {
                Ok(_) => 0,
                Err(ControlFailure::Down) => 1,
                Err(ControlFailure::Died) => 2,
                Err(ControlFailure::NoHandler) => 3,
            });
        }
        Event::Changed => kind(10, 0),
    }
}

/// Folds an effect of the node whose event was folded last.
#[inline]
pub(super) fn effect(fold: &mut Fold, effect: &Effect) {
    match effect {
        Effect::Send { to, call, method, body } => {
            fold.word(u64::from(to.0) << 8 | 32);
            fold.word(call.0);
            fold.bytes(method.as_bytes());
            fold.bytes(body);
        }
        Effect::Respond { to, call, result, .. } => {
            fold.word(u64::from(to.0) << 8 | 33);
            fold.word(call.0);
            match result {
                Ok(body) => fold.bytes(body),
                Err(Rejection::NoHandler) => fold.word(1),
                Err(Rejection::BadRequest) => fold.word(2),
            }
        }
        Effect::Arm { timer, at } => {
            fold.word(timer_word(*timer) ^ 34 << 56);
            fold.word(at.0);
        }
        Effect::Cancel { timer } => fold.word(timer_word(*timer) ^ 35 << 56),
        Effect::Disk { operation, request } => {
            fold.word(operation.0 << 8 | 36);
            disk_request(fold, request);
        }
        Effect::ControlReply { id, body } => {
            fold.word(id.0 << 8 | 37);
            fold.bytes(body);
        }
        Effect::ControlUnserved { id } => fold.word(id.0 << 8 | 38),
        Effect::Observe { kind, body } => {
            fold.word(39);
            fold.bytes(kind.as_bytes());
            fold.bytes(body);
        }
        Effect::Log(_) => {}
        Effect::Undecodable { from, method } => {
            fold.word(u64::from(from.0) << 8 | 40);
            fold.bytes(method.as_bytes());
        }
        Effect::Panicked(report) => {
            fold.word(41);
            fold.bytes(report.message.as_bytes());
        }
        Effect::NeverIdle => fold.word(42),
        Effect::Unanswered { to, call, .. } => {
            fold.word(u64::from(to.0) << 8 | 45);
            fold.word(call.0);
        }
        Effect::Stopped { reason } => {
            fold.word(44);
            fold.bytes(reason.as_bytes());
        }
        Effect::Command(command) => {
            fold.word(43);
            let buffer = Vec::with_capacity(COMMAND_BYTES);
            let bytes = postcard::to_extend(&**command, buffer).expect("a command always serialises");
            fold.bytes(&bytes);
        }
    }
}

const fn timer_word(timer: TimerId) -> u64 {
    (timer.slot as u64) << 32 | timer.generation as u64
}

fn disk_request(fold: &mut Fold, request: &DiskRequest) {
    match request {
        // The frequent ones, without a detour over their serialised form.
        DiskRequest::Write { file, offset, data } => {
            fold.word(file.0 << 8 | 1);
            fold.word(*offset);
            fold.bytes(data);
        }
        DiskRequest::WriteThrough { file, offset, data } => {
            fold.word(file.0 << 8 | 2);
            fold.word(*offset);
            fold.bytes(data);
        }
        other => {
            let bytes = postcard::to_stdvec(other).expect("a disk request always serialises");
            fold.bytes(&bytes);
        }
    }
}

fn disk_result(fold: &mut Fold, result: &DiskResult) {
    match result {
        Ok(DiskReply::Done) => fold.word(0),
        Ok(DiskReply::Data(data)) => fold.bytes(data),
        other => {
            let bytes = postcard::to_stdvec(other).expect("a disk result always serialises");
            fold.bytes(&bytes);
        }
    }
}
