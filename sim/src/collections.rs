//! Hash maps whose iteration order is the node's own: [`HashMap`], [`HashSet`].
//!
//! They are std's, with hash keys drawn from the seed for this node and incarnation, so their
//! order repeats with the seed and no other map anywhere can change it.
#![allow(clippy::disallowed_types)] // they are what it gives keys to

use crate::executor::context::try_current;
use std::collections::hash_map;
use std::collections::{HashMap as StdMap, HashSet as StdSet};
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher};
use std::ops::{Deref, DerefMut};

/// The hash keys of a node.
#[derive(Clone, Copy, Debug)]
pub struct NodeState(u64, u64);

impl Default for NodeState {
    /// The current node's keys; fixed ones outside of a node.
    fn default() -> Self {
        let (first, second) = try_current().map_or((0, 0), |context| context.collection_keys());
        NodeState(first, second)
    }
}

impl BuildHasher for NodeState {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.0);
        hasher.write_u64(self.1);
        hasher
    }
}

macro_rules! wrapper {
    ($(#[$doc:meta])* $name:ident < $($parameter:ident),+ > is $inner:ty; item $item:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name<$($parameter),+>($inner);

        impl<$($parameter),+> $name<$($parameter),+> {
            /// An empty one.
            #[must_use]
            pub fn new() -> Self {
                $name(<$inner>::with_hasher(NodeState::default()))
            }

            /// An empty one with room for `capacity` items.
            #[must_use]
            pub fn with_capacity(capacity: usize) -> Self {
                $name(<$inner>::with_capacity_and_hasher(capacity, NodeState::default()))
            }
        }

        impl<$($parameter),+> Default for $name<$($parameter),+> {
            fn default() -> Self {
                $name::new()
            }
        }

        impl<$($parameter),+> Deref for $name<$($parameter),+> {
            type Target = $inner;
            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl<$($parameter),+> DerefMut for $name<$($parameter),+> {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }

        impl<$($parameter),+> FromIterator<$item> for $name<$($parameter),+>
        where
            $inner: Extend<$item>,
        {
            fn from_iter<Items: IntoIterator<Item = $item>>(items: Items) -> Self {
                let mut collected = $name::new();
                collected.0.extend(items);
                collected
            }
        }

        impl<$($parameter),+> Extend<$item> for $name<$($parameter),+>
        where
            $inner: Extend<$item>,
        {
            fn extend<Items: IntoIterator<Item = $item>>(&mut self, items: Items) {
                self.0.extend(items);
            }
        }

        impl<$($parameter),+> IntoIterator for $name<$($parameter),+> {
            type Item = $item;
            type IntoIter = <$inner as IntoIterator>::IntoIter;
            fn into_iter(self) -> Self::IntoIter {
                self.0.into_iter()
            }
        }

        impl<$($parameter),+> PartialEq for $name<$($parameter),+>
        where
            $inner: PartialEq,
        {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }
    };
}

wrapper! {
    /// std's `HashMap` with the node's own hash keys; all its methods are there by deref.
    HashMap<K, V> is StdMap<K, V, NodeState>; item (K, V)
}

wrapper! {
    /// std's `HashSet` with the node's own hash keys; all its methods are there by deref.
    HashSet<T> is StdSet<T, NodeState>; item T
}

impl<'a, K, V> IntoIterator for &'a HashMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = hash_map::Iter<'a, K, V>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, T> IntoIterator for &'a HashSet<T> {
    type Item = &'a T;
    type IntoIter = std::collections::hash_set::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<K: Eq + Hash, V, const N: usize> From<[(K, V); N]> for HashMap<K, V> {
    fn from(items: [(K, V); N]) -> Self {
        items.into_iter().collect()
    }
}

impl<T: Eq + Hash, const N: usize> From<[T; N]> for HashSet<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}
