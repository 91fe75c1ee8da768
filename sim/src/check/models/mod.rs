//! Models that are ready to use.

mod cas_register;
mod kv;
mod kv_append;
mod text;
mod whole;

pub use cas_register::{CasRegister, Register, RegisterAnswer};
pub use kv::{Kv, KvAnswer, KvAsk};
pub use kv_append::{KvAppend, KvAppendAsk};
pub use whole::Whole;
