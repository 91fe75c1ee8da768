//! Puts an output into the store: nobody sees it before it is whole, and the first one counts.

use crate::messages::Trouble;
use crate::store;
use lab_mapreduce::store::{Complete, Part, Put, StoreError, UploadId};
use windtunnel::rand;

/// A part is sent when it has so many bytes.
const PART: usize = 32 << 10;

/// An output on its way.
#[derive(Debug)]
pub struct Upload {
    name: String,
    id: UploadId,
    parts: u32,
    bytes: Vec<u8>,
}

impl Upload {
    /// Of an object of that name.
    pub fn begin(name: String) -> Self {
        Upload { name, id: UploadId(rand::stream("uploads").word()), parts: 0, bytes: Vec::new() }
    }

    /// More bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Sends what there is, if that is much.
    pub async fn send_full(&mut self) -> Result<(), Trouble> {
        while self.bytes.len() >= PART {
            self.send(PART).await?;
        }
        Ok(())
    }

    async fn send(&mut self, length: usize) -> Result<(), Trouble> {
        let rest = self.bytes.split_off(length);
        let body = std::mem::replace(&mut self.bytes, rest);
        store::ask(Part { upload: self.id, number: self.parts, body }).await.map_err(refused)?;
        self.parts += 1;
        Ok(())
    }

    /// Makes it visible. If it is there already, another attempt was faster, or this one is and was not told: all give the same.
    pub async fn complete(mut self) -> Result<(), Trouble> {
        self.send_full().await?;
        let put = if self.parts == 0 {
            store::ask(Put { name: self.name, body: self.bytes }).await
        } else {
            self.send(self.bytes.len()).await?;
            store::ask(Complete { upload: self.id, parts: self.parts, name: self.name }).await
        };
        match put {
            Ok(()) | Err(StoreError::Exists) => Ok(()),
            Err(error) => Err(refused(error)),
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn refused(error: StoreError) -> Trouble {
    Trouble::Hopeless(format!("the store refuses the output: {error}"))
}
