//! Where the microseconds go: each sample of the node belongs to the part whose code its innermost known frame is.

use std::collections::HashMap;

use crate::outcome::{Outcome, PartUse};

/// Symbols that are shown.
const SYMBOLS_MAX: usize = 40;

/// Part of a kernel sample, by what stands anywhere in its stack; the first that fits.
const KERNEL: &[(&str, &str)] = &[
    ("tcp_sendmsg", "kernel: TCP send"),
    ("tcp_recvmsg", "kernel: TCP receive"),
    ("sock_", "kernel: TCP other"),
    ("net_rx", "kernel: TCP other"),
    ("fsync", "kernel: WAL sync"),
    ("ext4", "kernel: files"),
    ("vfs_write", "kernel: files"),
    ("epoll", "kernel: epoll"),
    ("futex", "kernel: futex"),
    ("eventfd", "kernel: eventfd"),
    ("page_fault", "kernel: page faults"),
    ("exc_page", "kernel: page faults"),
];

/// Part of a sample of ours, looked for from the innermost frame outwards.
const OURS: &[(&str, &str)] = &[
    ("crc32c", "checksums (crc32c)"),
    ("LZ4", "RocksDB: lz4"),
    ("rocksdb", "RocksDB"),
    ("_mi_", "allocator"),
    ("mi_malloc", "allocator"),
    ("mi_free", "allocator"),
    ("mi_heap", "allocator"),
    ("mimalloc", "allocator"),
    ("clock_gettime", "clock"),
    ("SystemClock", "clock"),
    ("metrics", "metrics"),
    ("tracing", "tracing"),
    ("carrack_smpp::session", "SMPP sessions"),
    ("carrack_smpp", "SMPP codec"),
    ("rkyv", "records (rkyv)"),
    ("carrack_message::record", "records (rkyv)"),
    ("carrack_message::receipt", "receipt text"),
    ("carrack_message", "text, numbers, ids"),
    ("carrack_routing", "routing"),
    ("carrack_throttle", "throttle"),
    ("carrack_queue::journal", "in-flight journal"),
    ("carrack_queue", "queue and committer"),
    ("carrack_carrier", "carrier driver"),
    ("carrack_runtime", "runtime: sockets, mailboxes"),
    ("shard::settle", "engine: settle"),
    ("shard::accept", "engine: accept"),
    ("shard::dispatch", "engine: dispatch and send"),
    ("shard::sending", "engine: dispatch and send"),
    ("shard::lanes", "engine: dispatch and send"),
    ("shard::correlation", "engine: match receipts"),
    ("shard::matching", "engine: match receipts"),
    ("shard::outbox", "engine: tell customers"),
    ("shard::live", "engine: live messages"),
    ("shard::frames", "engine: frames"),
    ("carrack_engine", "engine: other"),
    ("carrack_ingest", "doors"),
    ("hyper", "HTTP (hyper, axum)"),
    ("axum", "HTTP (hyper, axum)"),
    ("tokio", "tokio"),
    ("mio", "tokio"),
];

const KERNEL_MARK: &str = "_[k]";

/// Notes parts by thread and the dearest symbols, from folded stacks.
pub(crate) fn note(folded: &[u8], outcome: &mut Outcome) {
    let text = String::from_utf8_lossy(folded);
    let (mut parts, mut symbols) = (HashMap::new(), HashMap::new());
    let mut samples = 0u64;
    for line in text.lines() {
        let Some((stack, count)) = line.rsplit_once(' ') else {
            continue;
        };
        let count: u64 = count.parse().unwrap_or(0);
        let frames: Vec<&str> = stack.split(';').collect();
        let (Some(thread), Some(leaf)) = (frames.first(), frames.last()) else {
            continue;
        };
        samples += count;
        *parts.entry((*thread, part_of(&frames))).or_insert(0u64) += count;
        *symbols.entry((*thread, *leaf)).or_insert(0u64) += count;
    }
    let seconds = outcome.system_cpu_seconds();
    let us = |count: u64| outcome.us_per_message(seconds * count as f64 / samples.max(1) as f64);
    let uses = |found: HashMap<(&str, &str), u64>| {
        let mut uses: Vec<PartUse> = found
            .into_iter()
            .map(|((thread, part), count)| PartUse {
                thread: thread.to_owned(),
                part: part.to_owned(),
                us_per_message: us(count),
                percent: 100.0 * count as f64 / samples.max(1) as f64,
            })
            .collect();
        uses.sort_by(|one, other| other.us_per_message.total_cmp(&one.us_per_message));
        uses
    };
    let (parts, mut symbols) = (uses(parts), uses(symbols));
    symbols.truncate(SYMBOLS_MAX);
    (outcome.parts, outcome.symbols) = (parts, symbols);
}

/// The part to which a stack belongs, outermost frame first.
fn part_of(frames: &[&str]) -> &'static str {
    let holds = |frame: &str, rules: &[(&str, &'static str)]| {
        rules
            .iter()
            .find(|(needle, _)| frame.contains(needle))
            .map(|(_, part)| *part)
    };
    let inner = || frames.iter().skip(1).rev();
    if inner()
        .next()
        .is_some_and(|leaf| leaf.ends_with(KERNEL_MARK))
    {
        let kernel = || inner().take_while(|frame| frame.ends_with(KERNEL_MARK));
        return KERNEL
            .iter()
            .find(|(needle, _)| kernel().any(|frame| frame.contains(needle)))
            .map_or("kernel: other", |(_, part)| *part);
    }
    inner()
        .find_map(|frame| holds(frame, OURS))
        .unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn innermost_known_frame_decides() {
        let stack = [
            "shard-0",
            "tokio::runtime::enter",
            "carrack_engine::shard::settle::answers",
            "carrack_smpp::encode::encode_submit_sm",
            "__memmove_avx512_unaligned_erms",
        ];
        assert_eq!(part_of(&stack), "SMPP codec");
    }

    #[test]
    fn kernel_work_is_told_by_its_call() {
        let stack = ["shard-0", "write", "tcp_sendmsg_[k]", "__netif_rx_[k]"];
        assert_eq!(part_of(&stack), "kernel: TCP send");
        assert_eq!(part_of(&["shard-0", "main"]), "other");
    }

    #[test]
    fn shares_make_microseconds_of_the_node() {
        let mut outcome = Outcome::default();
        outcome.counts.accepted = 1_000_000;
        outcome.processes.push(crate::outcome::ProcessUse {
            name: "carrack".to_owned(),
            cpu_seconds: 10.0,
            us_per_message: 10.0,
            rss_peak_mb: 1.0,
        });
        note(b"a;tokio 30\nb;rocksdb::x 10\n", &mut outcome);
        let found: Vec<_> = outcome
            .parts
            .iter()
            .map(|part| part.us_per_message)
            .collect();
        assert_eq!(found, [7.5, 2.5]);
    }
}
