//! Machines by chance: a model with no sense in it, whose hooks say exactly as much as their contracts allow.

use super::told::Service;
use proptest::prelude::*;
use windtunnel::check::{Asked, Model};

pub const STATES: usize = 6;
pub const INPUTS: usize = 6;
const OUTPUTS: u8 = 3;

/// Where an input leads from a state, and what is answered there.
#[derive(Clone, Debug)]
pub struct Machine {
    table: [[(u8, u8); INPUTS]; STATES],
    /// By the input that comes and the one that it revives.
    revives: [[bool; INPUTS]; INPUTS],
}

pub fn machines() -> impl Strategy<Value = Machine> {
    // Many inputs lead nowhere, or to one place from everywhere, as reads and writes do, or on and on, as versions do.
    let on = |steps: [(u8, u8); STATES]| {
        std::array::from_fn(|state| ((state as u8 + steps[state].0 % 3).min(STATES as u8 - 1), steps[state].1))
    };
    let input = prop_oneof![
        4 => any::<[(u8, u8); STATES]>().prop_map(on),
        1 => any::<[(u8, u8); STATES]>(),
        2 => (0..STATES as u8, any::<u8>()).prop_map(|(to, answer)| [(to, answer); STATES]),
        2 => any::<[u8; STATES]>().prop_map(|answers| std::array::from_fn(|state| (state as u8, answers[state]))),
    ];
    let inputs = prop::array::uniform6(input);
    (inputs, prop::array::uniform6(prop::array::uniform6(prop::bool::weighted(0.3)))).prop_map(|(inputs, revives)| {
        let cell =
            |state: usize, input: usize| (inputs[input][state].0 % STATES as u8, inputs[input][state].1 % OUTPUTS);
        Machine { table: std::array::from_fn(|state| std::array::from_fn(|input| cell(state, input))), revives }
    })
}

impl Model for Machine {
    type Key = ();
    type State = u8;
    type Input = usize;
    type Output = u8;

    fn key(&self, _: &usize) {}

    fn initial(&self, (): &()) -> u8 {
        0
    }

    fn step(&self, state: &u8, asked: Asked<'_, Self>) -> Option<u8> {
        let (to, answer) = self.table[usize::from(*state)][*asked.input];
        asked.output.is_none_or(|output| *output == answer).then_some(to)
    }

    fn is_read(&self, input: &usize) -> bool {
        (0..STATES).all(|state| usize::from(self.table[state][*input].0) == state)
    }

    fn revives(&self, earlier: Asked<'_, Self>, later: Asked<'_, Self>) -> bool {
        self.revives[*earlier.input][*later.input]
    }

    /// Exactly: whether no way on by operations that do not revive it leads to a state in which it is answered so.
    fn is_past(&self, state: &u8, asked: Asked<'_, Self>) -> bool {
        let (mut reached, mut found) = ([false; STATES], vec![usize::from(*state)]);
        while let Some(state) = found.pop() {
            if std::mem::replace(&mut reached[state], true) {
                continue;
            }
            if asked.output.is_none_or(|output| *output == self.table[state][*asked.input].1) {
                return false;
            }
            let others = (0..INPUTS).filter(|input| !self.revives[*input][*asked.input]);
            found.extend(others.map(|input| usize::from(self.table[state][input].0)));
        }
        true
    }
}

impl Service for Machine {
    fn answer(&self, state: &u8, input: &usize, _now: u64) -> u8 {
        self.table[usize::from(*state)][*input].1
    }

    fn lie(&self, _input: &usize, output: &u8, salt: u64) -> u8 {
        (output + 1 + (salt % 2) as u8) % OUTPUTS
    }
}
