//! Models that are ready to use.

mod append_list;
mod cas_register;
mod counter;
mod keyed;
mod kv;
mod kv_append;
mod lock;
mod short;
mod text;
mod whole;

pub use append_list::{AppendList, Element, Elements, ListAsk};
pub use cas_register::{CasRegister, Register, RegisterAnswer};
pub use counter::{Counter, CounterAnswer, CounterAsk};
pub use keyed::{Keyed, KeyedAsk};
pub use kv::{Kv, KvAnswer, KvAsk};
pub use kv_append::{KvAppend, KvAppendAsk};
pub use lock::{Lock, LockAnswer, LockAsk, LockState, Token};
pub use text::Text;
pub use whole::Whole;
