//! The people who run the shop: how they become staff, what they are told, and what they can do at the desk.

mod roles;
