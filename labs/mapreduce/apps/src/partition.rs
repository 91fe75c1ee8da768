//! Which reduce task has a key, where the application has no opinion.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The 64-bit FNV-1a hash of the key, modulo `reduces`: the same number on every worker, today and tomorrow. Not above `reduces`
/// even if that is zero.
#[must_use]
pub fn by_hash(key: &[u8], reduces: u32) -> u32 {
    let hash = key.iter().fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    (hash % u64::from(reduces.max(1))) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published values of the hash, modulo 2^32 - 1.
    #[test]
    fn the_hash_is_fnv_1a() {
        for (key, hash) in
            [("", 0xcbf2_9ce4_8422_2325_u64), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)]
        {
            assert_eq!(u64::from(by_hash(key.as_bytes(), u32::MAX)), hash % u64::from(u32::MAX), "{key}");
        }
        assert_eq!(by_hash(b"a", 0), 0);
    }
}
