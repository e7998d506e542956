//! Claims of this room.
