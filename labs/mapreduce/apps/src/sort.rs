//! Distributed sort (sections 2.3, 4.1 and 5.3): what reduce tasks write one after the other is sorted as a whole.

use crate::app::{App, Emit, EmitPair, Group, Record};

/// All lines, sorted by their bytes. A reduce task has the lines between two boundaries.
#[derive(Clone, Debug)]
pub struct Sort {
    /// The first line of each task but the first.
    boundaries: Vec<Vec<u8>>,
}

impl Sort {
    /// The parameters of a sort whose tasks have about as many lines each as they would have of the sample.
    #[must_use]
    pub fn parameters(mut sample: Vec<Vec<u8>>, reduces: u32) -> Vec<u8> {
        sample.sort();
        let boundary = |task: u32| sample.get(sample.len() * task as usize / reduces as usize).cloned();
        let mut boundaries: Vec<Vec<u8>> = (1..reduces).filter_map(boundary).collect();
        boundaries.dedup();
        postcard::to_stdvec(&boundaries).expect("lines are plain data")
    }

    /// With those parameters.
    ///
    /// # Errors
    /// If they are others.
    pub fn open(parameters: &[u8]) -> Result<Self, String> {
        let boundaries: Vec<Vec<u8>> = postcard::from_bytes(parameters).map_err(|error| error.to_string())?;
        if boundaries.is_sorted() { Ok(Sort { boundaries }) } else { Err("boundaries are in order".to_owned()) }
    }
}

impl App for Sort {
    fn map(&self, record: &Record<'_>, emit: &mut EmitPair<'_>) {
        emit(record.line, b"");
    }

    fn reduce(&self, key: &[u8]) -> Box<dyn Group> {
        Box::new(Copies([key, b"\n"].concat()))
    }

    fn partition(&self, key: &[u8], reduces: u32) -> u32 {
        let task = self.boundaries.partition_point(|boundary| &boundary[..] <= key);
        u32::try_from(task).unwrap_or(u32::MAX).min(reduces.saturating_sub(1))
    }
}

/// A line, as often as it is there.
struct Copies(Vec<u8>);

impl Group for Copies {
    fn value(&mut self, _: &[u8], emit: &mut Emit<'_>) {
        emit(&self.0);
    }

    fn end(self: Box<Self>, _: &mut Emit<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_have_as_many_lines_each_as_the_sample_says_and_are_in_order() {
        let lines: Vec<Vec<u8>> = (0..100_u32).map(|number| format!("{:03}", number * 37 % 100).into_bytes()).collect();
        let sort = Sort::open(&Sort::parameters(lines.clone(), 4)).expect("they are its own");
        let mut tasks = [0; 4];
        for line in &lines {
            tasks[sort.partition(line, 4) as usize] += 1;
        }
        assert_eq!(tasks, [25; 4]);
        assert!(sort.partition(b"024", 4) < sort.partition(b"025", 4));
    }

    #[test]
    fn a_sample_of_nothing_leaves_all_to_the_first_task() {
        let sort = Sort::open(&Sort::parameters(Vec::new(), 4)).expect("they are its own");
        assert_eq!(sort.partition(b"x", 4), 0);
        assert!(Sort::open(b"\x07").is_err());
    }
}
