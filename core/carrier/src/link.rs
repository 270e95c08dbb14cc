//! What the engine sees of a connection to a carrier.

use carrack_message::{Msisdn, Network, ReceiptState, Sender};
use carrack_runtime::Now;
use smallvec::SmallVec;

/// A carrier's id for a segment, raw octets.
pub type CarrierMessageId = SmallVec<[u8; 24]>;

/// Where a link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Not connected, waiting to try again.
    Down,
    /// Connecting or binding.
    Connecting,
    /// Takes segments.
    Up,
    /// Said goodbye; takes nothing more.
    Closing,
    /// Credentials were refused too often: waits for somebody to mend them.
    Refused,
}

/// One segment on its way out.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// Source address.
    pub from: &'a Sender,
    /// Destination address.
    pub to: Msisdn,
    /// User data, header included.
    pub octets: &'a [u8],
    /// SMPP `data_coding`.
    pub data_coding: u8,
    /// SMPP `esm_class` bits that describe the user data (UDHI 0x40).
    pub esm_class: u8,
    /// Which part of a long text it is, where parameters and not a header say so.
    pub sar: Option<SarPart>,
    /// Whether the octets go as `message_payload`, whatever their number.
    pub payload: bool,
    /// Whether `dest_addr_subunit` 1 asks for the display (flash).
    pub flash_subunit: bool,
    /// Parameters of the customer to be passed on, encoded; often empty.
    pub tlvs: &'a [u8],
    /// How long the carrier may try, seconds; 0: its own default.
    pub validity_s: u64,
}

/// What a refusal means for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// We are too fast: the link slows, the segment goes again first.
    Throttled,
    /// The queue for this recipient is full: the message pauses with growing delays, others go on.
    DestinationFull,
    /// Passing trouble: try here again after a pause, then elsewhere.
    RetryHere,
    /// This carrier will not: go to the next one.
    NextCarrier,
    /// No carrier will: the message itself is at fault.
    MessageFault,
    /// Our account at this carrier is at fault: go to the next one; this one rests, with an alert.
    AccountFault,
    /// The link is not what we think it is: it must bind again.
    LinkFault,
    /// The link gave it back without writing it: try here again after a pause, then elsewhere. It says nothing of the carrier.
    NotWritten,
}

/// A carrier's no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The carrier's own status (SMPP `command_status`).
    pub status: u32,
    /// What it means for the message.
    pub disposition: Disposition,
}

/// Names a receipt or MO until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiptHandle {
    /// Which session of the link.
    pub session: u8,
    /// Whether it came as data_sm.
    pub data_sm: bool,
    /// `sequence_number` to be echoed.
    pub sequence_number: u32,
    /// Which connection it came on; an answer to an earlier one is dropped.
    pub connection: u32,
}

/// A part of a long text as the SAR parameters say it (SMPP 3.4, 5.3.2.22 to 24).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SarPart {
    /// `sar_msg_ref_num`.
    pub reference: u16,
    /// `sar_total_segments`.
    pub total: u8,
    /// `sar_segment_seqnum`, from 1.
    pub part: u8,
}

/// An address as a carrier gave it (SMPP 3.4, 5.2.5 to 5.2.9).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WireAddress {
    /// Type of number.
    pub ton: u8,
    /// Numbering plan.
    pub npi: u8,
    /// The address; what came is kept, however long.
    pub addr: SmallVec<[u8; 24]>,
}

/// A message from a handset, or a part of one, as the carrier gave it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HandsetPart {
    /// The handset.
    pub from: WireAddress,
    /// Whom it is for.
    pub to: WireAddress,
    /// SMPP `data_coding`.
    pub data_coding: u8,
    /// SMPP `esm_class`.
    pub esm_class: u8,
    /// User data, header included.
    pub octets: Vec<u8>,
    /// Which part of a long text it is, where parameters say so.
    pub sar: Option<SarPart>,
}

/// What happened on a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// It takes segments now.
    Up,
    /// It does not take segments any more; the reason for people.
    Down(String),
    /// A segment was taken.
    Accepted {
        /// As given to submit.
        ticket: u64,
        /// The carrier's id; empty where it gave none.
        id: CarrierMessageId,
        /// The answer came after its time-out had been reported.
        late: bool,
    },
    /// A segment was refused.
    Refused {
        /// As given to submit.
        ticket: u64,
        /// The no.
        refusal: Refusal,
        /// The answer came after its time-out had been reported.
        late: bool,
    },
    /// No answer in time; the slot is free, the segment uncertain.
    TimedOut {
        /// As given to submit.
        ticket: u64,
    },
    /// The link was lost before the answer; the segment is uncertain.
    Unanswered {
        /// As given to submit.
        ticket: u64,
    },
    /// A receipt; to be answered once it is durable.
    Receipt {
        /// For the answer.
        handle: ReceiptHandle,
        /// The carrier's id of the segment; empty where the receipt names none.
        id: CarrierMessageId,
        /// What it says.
        state: ReceiptState,
        /// The carrier's error code, 0 where none.
        error: u32,
        /// Source address of the receipt where it is a number: by custom the recipient of our segment.
        source: Option<Msisdn>,
        /// Its destination address where it is a number: some carriers do not turn the two round.
        destination: Option<Msisdn>,
    },
    /// A message from a handset, or a part of one; to be answered once it is durable.
    Mo {
        /// For the answer.
        handle: ReceiptHandle,
        /// What came.
        part: Box<HandsetPart>,
    },
    /// The carrier answered a question about a segment.
    Queried {
        /// As given to query.
        ticket: u64,
        /// What it says; none where it does not know or does not answer such questions.
        state: Option<ReceiptState>,
        /// Its error code, 0 where none.
        error: u32,
    },
    /// A handset that was away can be reached again (`alert_notification`).
    Available {
        /// The handset, where it is a number.
        recipient: Option<Msisdn>,
    },
}

/// Why a segment was not taken; nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubmitRefused {
    /// Down, or the window or the output is full: later.
    NotNow,
    /// It cannot be written at all: the message is at fault.
    Unwritable,
}

/// A connection to a carrier.
pub trait Link {
    /// Where it stands.
    fn state(&self) -> LinkState;
    /// Slots free in its window; 0 while it is not up.
    fn free_slots(&self) -> u32;
    /// Whether whoever sends over it is a subscriber of this network, for whom a message to it costs least. Of a link whose carrier
    /// has one sender behind all of them: no.
    fn is_home_of(&self, network: Network) -> bool {
        let _ = network;
        false
    }
    /// Segments submitted and not answered.
    fn in_flight(&self) -> u32;
    /// Slots in all.
    fn window(&self) -> u32;
    /// Segments that a text may have here when what is under way is done: less than the window where something else than the window
    /// bounds it, such as what a SIM may send today. 0 while nothing can be said.
    fn text_max(&self) -> u32 {
        self.window()
    }
    /// Takes a slot and writes the segment into the output.
    ///
    /// # Errors
    /// [`SubmitRefused`].
    fn submit(
        &mut self,
        now: Now,
        ticket: u64,
        segment: &Outgoing<'_>,
    ) -> Result<(), SubmitRefused>;
    /// Asks what became of a segment that the carrier took under `id`. Takes a slot. The answer is
    /// [`LinkEvent::Queried`]; a lost one too, with no state.
    ///
    /// # Errors
    /// [`SubmitRefused`]; `Unwritable` also where this kind of carrier answers no questions.
    fn query(
        &mut self,
        now: Now,
        ticket: u64,
        id: &[u8],
        from: &Sender,
    ) -> Result<(), SubmitRefused>;
    /// Reads what came, advances timers, adds what happened to `events`.
    fn poll(&mut self, now: Now, events: &mut Vec<LinkEvent>);
    /// Answers a receipt or MO: taken for good, or to be sent again later.
    fn answer(&mut self, handle: ReceiptHandle, taken: bool);
    /// Writes the output: once a loop turn.
    fn flush(&mut self);
    /// When `poll` has something to do though nothing comes in.
    fn next_deadline_ns(&self) -> Option<u64>;
    /// Says goodbye once nothing is in flight; no more segments are taken.
    fn close(&mut self, now: Now);
    /// Whether goodbye was said and the connection is gone.
    fn is_closed(&self) -> bool;
    /// Odd things tolerated since the last call.
    fn take_oddities(&mut self) -> u64;
}
