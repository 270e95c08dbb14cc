//! What a run did to the engine, counted by kind: a kind that never occurs proves nothing.

macro_rules! faults {
    ($($name:ident $word:literal)*) => {
        /// A kind of fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is said by its name in words")]
        pub enum Fault { $($name,)* }

        impl Fault {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in words.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

faults! {
    Crash "kill -9 between turns"
    CrashInTurn "kill -9 within a turn"
    CrashInRecovery "kill -9 during recovery"
    TailSurvived "frames that nobody was told of survived a crash"
    TailTorn "frames that nobody was told of lost in a crash"
    LeftInWindow "segments left in windows by a crash"
    ShardsChanged "restart with another number of shards"
    DiskFailed "writes failed, gate closed"
    DiskSlow "slow disk"
    ShardStalled "a shard stands still"
    CommitterFull "committer refused a frame"
    EpochRolled "epoch rolled while frames were open"
    ClockForward "UTC an hour forward"
    ClockBack "UTC an hour back"
    LinkDropped "link dropped"
    CarrierDown "carrier down for long"
    CarrierPaused "carrier paused"
    OutputFull "link took no segment though its window had room"
    Throttled "refused: too fast"
    RetryHere "refused: passing trouble"
    DestinationFull "refused: recipient's queue full"
    NextCarrier "refused: by this carrier"
    MessageFault "refused: the message is at fault"
    AccountFault "refused: our account is at fault"
    LinkFault "refused: link is not what we think"
    ResponseLost "response lost"
    ResponseLate "response after its slot was given on"
    ResponseWithoutId "response without id"
    ReceiptEarly "receipt before response"
    ReceiptLate "receipt late"
    ReceiptDoubled "receipt twice"
    ReceiptMissing "receipt never"
    ReceiptBad "receipt: not delivered"
    ReceiptMiddle "receipt: not final"
    ReceiptOnAnotherLink "receipt on another link"
    ReceiptUnanswered "receipt not answered before its link was lost"
    ReceiptStray "receipt of nothing that we sent"
    Queried "question about a missing receipt"
    Moved "carrier owned by another shard than the door's"
    TableChanged "routes replaced"
    RouteGone "no route for a while"
    MailboxFull "mailbox full"
    QueueFull "queue full"
    StoreRefused "new work refused: store"
    CancelDone "cancelled"
    CancelTooLate "cancelled too late"
    LongText "text of several parts"
    CustomerUnbound "subscriber gone with notices"
    CustomerSilent "subscriber that does not answer"
    ToldAgain "notice handed out again"
    WentToShelf "message put on the shelf"
    CameBack "message back from the shelf"
    SentAgain "request with a key sent again"
    AnsweredAgain "and answered with its first id"
}

/// How often each kind occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultCounts(Vec<u64>);

impl Default for FaultCounts {
    fn default() -> Self {
        Self(vec![0; Fault::ALL.len()])
    }
}

impl FaultCounts {
    pub(crate) fn note(&mut self, fault: Fault) {
        self.add(fault, 1);
    }

    pub(crate) fn add(&mut self, fault: Fault, count: u64) {
        if let Some(slot) = self.0.get_mut(fault as usize) {
            *slot += count;
        }
    }

    /// How often a kind occurred.
    #[must_use]
    pub fn get(&self, fault: Fault) -> u64 {
        self.0.get(fault as usize).copied().unwrap_or(0)
    }

    /// Adds another run's.
    pub fn merge(&mut self, other: &Self) {
        for (slot, count) in self.0.iter_mut().zip(&other.0) {
            *slot += count;
        }
    }

    /// Kinds that never occurred.
    #[must_use]
    pub fn missing(&self) -> Vec<Fault> {
        let never = |fault: &&Fault| self.get(**fault) == 0;
        Fault::ALL.iter().filter(never).copied().collect()
    }
}
