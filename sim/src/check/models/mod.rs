//! Models that are ready to use.

mod cas_register;
mod text;
mod kv_append;
mod whole;

pub use cas_register::{CasRegister, Register, RegisterAnswer};
pub use kv_append::{KvAppend, KvAppendAsk};
pub use whole::Whole;
