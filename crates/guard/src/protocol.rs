//! What is said over the guard's socket. It is SOCK_SEQPACKET: a message is one packet, whole or not
//! there at all, and needs no frame. Both ends are of one build, so there is no version.
//!
//! A packet is a byte for its kind, then the ward's number (8 bytes), then what the kind has:
//! numbers in the machine's byte order, and a path last.

/// More bytes than any packet has: the longest is a path of at most PATH_MAX.
pub const MAX_PACKET: usize = 8 * 1024;

/// The descriptor of the guard that is its end of the socket.
pub const GUARD_DESCRIPTOR: i32 = 3;

/// Name of the guard, as `argv[0]` and as what /proc/PID/comm says.
pub const NAME: &str = "sprog-guard";

/// The environment variable in which the guard finds the marker of all its wards: whoever bears it ends
/// with the parent, also if that dies before it has told a new guard of anybody.
pub const WARDS_VARIABLE: &str = "SPROG_WARDS";

/// What the guard is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A tree is to be watched. Answered with `Reply::Watching`. Comes before its first process is
    /// cloned, or (to a new guard) for one that has long been running.
    Watch { ward: u64, details: Details },
    /// Said by the new process itself, between clone and exec, lest its parent die before it can say
    /// `Started`. `now` is CLOCK_BOOTTIME in nanoseconds.
    Born { ward: u64, pid: i32, now: u64 },
    /// The first process of the tree runs.
    Started { ward: u64, pid: i32, start_time: u64 },
    /// The first process has ended and is reaped; others of its tree may live on.
    Exited { ward: u64 },
    /// Nothing is left of the tree, or nothing was started.
    Forget { ward: u64 },
}

/// A tree: what the guard finds its processes by, beside the marker that all trees have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The first process: pid and start time. `None` before it is started.
    pub root: Option<(i32, u64)>,
    /// Whether that one has ended already.
    pub exited: bool,
    /// Directory of its control group; empty where there is none.
    pub cgroup: Vec<u8>,
}

/// What the guard answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The guard is up: no signal ends it, no descriptor of its parent is left in it.
    Ready,
    /// From now on the ward ends when the parent does.
    Watching { ward: u64 },
    /// Nothing is left of the ward.
    Forgotten { ward: u64 },
}

const WATCH: u8 = 1;
const BORN: u8 = 2;
const STARTED: u8 = 3;
const EXITED: u8 = 4;
const FORGET: u8 = 5;
const READY: u8 = 1;
const WATCHING: u8 = 2;
const FORGOTTEN: u8 = 3;

/// The beginning of the packet that a child sends of itself; its pid (4 bytes) and the time (8) follow.
pub fn born(ward: u64) -> [u8; 9] {
    let mut packet = [BORN; 9];
    packet[1..].copy_from_slice(&ward.to_ne_bytes());
    packet
}

impl Request {
    pub fn ward(&self) -> u64 {
        match self {
            Request::Watch { ward, .. }
            | Request::Born { ward, .. }
            | Request::Started { ward, .. }
            | Request::Exited { ward }
            | Request::Forget { ward } => *ward,
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        match self {
            Request::Watch { ward, details } => {
                let mut packet = head(WATCH, *ward);
                let (pid, start_time) = details.root.unwrap_or_default();
                packet.extend(pid.to_ne_bytes());
                packet.extend(start_time.to_ne_bytes());
                packet.push(u8::from(details.exited));
                packet.extend(&details.cgroup);
                packet
            }
            Request::Born { ward, pid, now } => {
                let mut packet = born(*ward).to_vec();
                packet.extend(pid.to_ne_bytes());
                packet.extend(now.to_ne_bytes());
                packet
            }
            Request::Started { ward, pid, start_time } => {
                let mut packet = head(STARTED, *ward);
                packet.extend(pid.to_ne_bytes());
                packet.extend(start_time.to_ne_bytes());
                packet
            }
            Request::Exited { ward } => head(EXITED, *ward),
            Request::Forget { ward } => head(FORGET, *ward),
        }
    }

    /// `None` for what is none.
    pub fn decode(packet: &[u8]) -> Option<Request> {
        let mut rest = Rest(packet);
        let [kind] = rest.take()?;
        let ward = u64::from_ne_bytes(rest.take()?);
        let request = match kind {
            WATCH => {
                let pid = i32::from_ne_bytes(rest.take()?);
                let start_time = u64::from_ne_bytes(rest.take()?);
                let [exited] = rest.take()?;
                let root = (pid > 0).then_some((pid, start_time));
                let cgroup = rest.all().to_vec();
                let details = Details { root, exited: exited != 0, cgroup };
                Request::Watch { ward, details }
            }
            BORN => {
                let pid = i32::from_ne_bytes(rest.take()?);
                Request::Born { ward, pid, now: u64::from_ne_bytes(rest.take()?) }
            }
            STARTED => {
                let pid = i32::from_ne_bytes(rest.take()?);
                Request::Started { ward, pid, start_time: u64::from_ne_bytes(rest.take()?) }
            }
            EXITED => Request::Exited { ward },
            FORGET => Request::Forget { ward },
            _ => return None,
        };
        rest.0.is_empty().then_some(request)
    }
}

impl Reply {
    pub fn encode(self) -> Vec<u8> {
        match self {
            Reply::Ready => head(READY, 0),
            Reply::Watching { ward } => head(WATCHING, ward),
            Reply::Forgotten { ward } => head(FORGOTTEN, ward),
        }
    }

    /// `None` for what is none.
    pub fn decode(packet: &[u8]) -> Option<Reply> {
        let mut rest = Rest(packet);
        let [kind] = rest.take()?;
        let ward = u64::from_ne_bytes(rest.take()?);
        match kind {
            READY => Some(Reply::Ready),
            WATCHING => Some(Reply::Watching { ward }),
            FORGOTTEN => Some(Reply::Forgotten { ward }),
            _ => None,
        }
    }
}

fn head(kind: u8, ward: u64) -> Vec<u8> {
    let mut packet = vec![kind];
    packet.extend(ward.to_ne_bytes());
    packet
}

/// What is still to be read of a packet.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn all(&mut self) -> &[u8] {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests() -> Vec<Request> {
        let bare = Details::default();
        let full = Details {
            root: Some((17, u64::MAX)),
            exited: true,
            cgroup: b"/sys/fs/cgroup/\xff".to_vec(),
        };
        vec![
            Request::Watch { ward: 1, details: bare },
            Request::Watch { ward: u64::MAX, details: full },
            Request::Born { ward: 2, pid: 3, now: 4 },
            Request::Started { ward: 3, pid: 4, start_time: 5 },
            Request::Exited { ward: 6 },
            Request::Forget { ward: 7 },
        ]
    }

    #[test]
    fn what_is_said_is_what_is_understood() {
        for request in requests() {
            assert_eq!(Request::decode(&request.encode()), Some(request));
        }
        for reply in [Reply::Ready, Reply::Watching { ward: 9 }, Reply::Forgotten { ward: 10 }] {
            assert_eq!(Reply::decode(&reply.encode()), Some(reply));
        }
    }

    #[test]
    fn a_packet_that_was_cut_or_is_foreign_is_none() {
        for request in requests() {
            let packet = request.encode();
            for length in 0..packet.len() {
                // Less of a path is a path, too.
                let understood = Request::decode(&packet[..length]);
                assert!(understood.is_none() || matches!(understood, Some(Request::Watch { .. })));
            }
        }
        assert_eq!(Request::decode(&[99, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(Request::decode(&[BORN, 0, 0, 0, 0, 0, 0, 0, 0, 1]), None);
        assert_eq!(Reply::decode(&[READY]), None);
    }
}
