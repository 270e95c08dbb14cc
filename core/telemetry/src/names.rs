//! All metrics: a name, a kind, and one sentence of help for each.

macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $kind:ident $constant:ident = $name:literal;)*) => {
        $($(#[doc = $help])+ pub const $constant: &str = $name;)*

        /// Name and help of every metric.
        pub const HELP: &[(&str, &str)] = &[$(($name, concat!($($help),+))),*];

        /// Tells the recorder the help of every metric.
        pub fn describe() {
            $(metrics!(@describe $kind $name, concat!($($help),+));)*
        }
    };
    (@describe counter $name:literal, $help:expr) => { ::metrics::describe_counter!($name, $help) };
    (@describe gauge $name:literal, $help:expr) => { ::metrics::describe_gauge!($name, $help) };
    (@describe histogram $name:literal, $help:expr) => { ::metrics::describe_histogram!($name, $help) };
}

metrics! {
    /// Time from the first try to write a group of frames until it was durable.
    histogram COMMIT_SECONDS = "carrack_commit_seconds";
    /// Frames written together in one batch and one sync.
    histogram COMMIT_FRAMES = "carrack_commit_frames";
    /// Writes to the store that failed and were tried again.
    counter COMMIT_FAILURES = "carrack_commit_failures_total";
    /// Frames that could not be read at start and were put aside.
    counter FRAMES_QUARANTINED = "carrack_frames_quarantined_total";
    /// Messages accepted, durable and acknowledged.
    counter MESSAGES_ACCEPTED = "carrack_messages_accepted_total";
    /// Of the accepted: acknowledged before they were durable, as their account has asked for.
    counter MESSAGES_ACKNOWLEDGED_EARLY = "carrack_messages_acknowledged_early_total";
    /// Messages refused at the front door, by reason.
    counter MESSAGES_REFUSED = "carrack_messages_refused_total";
    /// Requests whose key or content was met before, by outcome: repeated (given the first answer), used (the key had other
    /// content), duplicate (refused as the account wants it), waited (for the same under way), busy (too many waited).
    counter KEYS_MET = "carrack_keys_met_total";
    /// Times that an account came to have less to spend than its alert says, by account.
    counter ACCOUNTS_LOW = "carrack_accounts_low_total";
    /// Messages that reached their final state, by status.
    counter MESSAGES_FINAL = "carrack_messages_final_total";
    /// Messages accepted and not yet final.
    gauge MESSAGES_WAITING = "carrack_messages_waiting";
    /// Of those: on the shelf, to be sent later or with receipts that take long.
    gauge MESSAGES_SHELVED = "carrack_messages_shelved";
    /// Messages that wait under a limit of [[limit]], by limit and shard.
    gauge LIMIT_WAITING = "carrack_limit_waiting";
    /// Segments sent under a limit of [[limit]], by limit.
    counter LIMIT_GRANTED = "carrack_limit_segments_total";
    /// Messages refused because their recipient had as many as a limit allows, by limit.
    counter LIMIT_REFUSED = "carrack_limit_refused_total";
    /// Messages that had no bucket of their own because there were as many as may be, by limit.
    counter LIMIT_BEYOND = "carrack_limit_beyond_total";
    /// Recipients that a limit forgot before their time because there were as many as may be, by limit.
    counter LIMIT_FORGOTTEN = "carrack_limit_forgotten_total";
    /// Buckets of a limit, or recipients that it counts, by limit.
    gauge LIMIT_IN_USE = "carrack_limit_in_use";
    /// Messages that a suppression list forbade, by list and at: accept (refused) or send (ended before they were sent).
    counter SUPPRESSED = "carrack_suppressed_total";
    /// Times that a message was held because its recipient is to be left alone.
    counter QUIET_HELD = "carrack_quiet_held_total";
    /// Writes to the files of suppression lists that failed.
    counter SUPPRESSION_FAILURES = "carrack_suppression_failures_total";
    /// Receipts that are still to be looked for on the shelf, by shard.
    gauge RECEIPTS_TO_LOOK_FOR = "carrack_receipts_to_look_for";
    /// Ends of messages that their customer did not take in time.
    counter ENDS_GIVEN_UP = "carrack_ends_given_up_total";
    /// Messages from handsets, and parts of long ones, that were taken.
    counter MO_RECEIVED = "carrack_mo_received_total";
    /// The same that their carrier was asked to bring again, by reason: no_rules, full or store.
    counter MO_REFUSED = "carrack_mo_refused_total";
    /// What became of messages from handsets, by outcome: told (once for each way), incomplete (handed on with parts
    /// missing), nobody (no rule takes them), repeated (a part that was there already), expired (never taken).
    counter MO_SETTLED = "carrack_mo_settled_total";
    /// Messages from handsets that mean something, by meaning: opt_out, opt_in, help, unclear (a person has to read it).
    counter CONSENTS = "carrack_consent_messages_total";
    /// Answers of the node itself to handsets (the confirmation of a stop or start, help), by kind and result: accepted,
    /// refused, or bounded (one more than the handset gets).
    counter CONSENT_REPLIES = "carrack_consent_replies_total";
    /// Automatic answers, webhooks' and the node's own, that were not sent because the handset had as many in an hour as it may.
    counter REPLIES_BOUNDED = "carrack_replies_bounded_total";
    /// Texts that a person has to read which were not kept, as there were as many as may be.
    counter CONSENT_UNREAD = "carrack_consent_review_dropped_total";
    /// Messages from handsets that are still to be told, by shard.
    gauge MO_WAITING = "carrack_mo_waiting";
    /// HTTP requests refused because their account made as many in a second as it may, by account.
    counter HTTP_REQUESTS_LIMITED = "carrack_http_requests_limited_total";
    /// HTTP connections closed at once because their address had as many as it may.
    counter HTTP_CONNECTIONS_REFUSED = "carrack_http_connections_refused_total";
    /// Bulk calls and uploads refused because their account had as many open as it may, by account and what: bulk or upload.
    counter HTTP_STREAMS_REFUSED = "carrack_http_streams_refused_total";
    /// Signed HTTP requests refused because no more signatures can be remembered.
    counter HTTP_SIGNATURES_UNREMEMBERED = "carrack_http_signatures_unremembered_total";
    /// Requests to webhooks, by outcome: taken (2xx), later (408, 425, 429, 5xx), refused (another 4xx), redirected,
    /// timed_out, unreachable (no connection or no TLS), broken (no whole answer, or too long a one).
    counter WEBHOOK_REQUESTS = "carrack_webhook_requests_total";
    /// Events that webhooks and callbacks took: a request may have several.
    counter WEBHOOK_EVENTS = "carrack_webhook_events_total";
    /// Events that were given up and became dead letters, by why: expired or refused.
    counter WEBHOOK_GIVEN_UP = "carrack_webhook_given_up_total";
    /// Dead letters that went because their account has more than it may.
    counter WEBHOOK_LETTERS_DROPPED = "carrack_webhook_letters_dropped_total";
    /// Time of a request to a webhook, its answer included.
    histogram WEBHOOK_SECONDS = "carrack_webhook_seconds";
    /// Events handed to webhooks that are on their way or wait for another try.
    gauge WEBHOOK_WAITING = "carrack_webhook_waiting";
    /// Replies that webhooks put into their answers, by result: accepted or refused.
    counter WEBHOOK_REPLIES = "carrack_webhook_replies_total";
    /// Segments handed to a carrier's link, by carrier.
    counter SEGMENTS_SENT = "carrack_segments_sent_total";
    /// Segments that a carrier took, by carrier.
    counter SEGMENTS_ACCEPTED = "carrack_segments_accepted_total";
    /// Segments that a carrier refused, by carrier.
    counter SEGMENTS_REFUSED = "carrack_segments_refused_total";
    /// Segments of which it is not known whether the carrier took them, by carrier.
    counter SEGMENTS_UNCERTAIN = "carrack_segments_uncertain_total";
    /// Receipts matched to their segment, by carrier.
    counter RECEIPTS_MATCHED = "carrack_receipts_matched_total";
    /// Receipts that came before their response and were parked, by carrier.
    counter RECEIPTS_EARLY = "carrack_receipts_early_total";
    /// Receipts matched to their segment, by carrier and by how the two ids relate: same, hex_to_decimal (the response had
    /// hexadecimal, the receipt decimal) or decimal_to_hex.
    counter RECEIPT_IDS = "carrack_receipt_ids_total";
    /// Receipts whose id several segments carried, by carrier; the recipient's number or the newest decided.
    counter RECEIPTS_AMBIGUOUS = "carrack_receipts_ambiguous_total";
    /// Receipts of an unknown id that were matched by the recipient's number, by carrier.
    counter RECEIPTS_BY_NUMBER = "carrack_receipts_by_number_total";
    /// Receipts that came again or late, after their segment's final state, by carrier.
    counter RECEIPTS_AGAIN = "carrack_receipts_again_total";
    /// Receipts whose segment was never found, by carrier.
    counter RECEIPTS_UNMATCHED = "carrack_receipts_unmatched_total";
    /// Segments that a carrier took without giving an id, by carrier: their receipts are matched by number only.
    counter SEGMENTS_UNTRACKED = "carrack_segments_untracked_total";
    /// Segments that a carrier took twice because a lost response made us send them again, by carrier.
    counter SEGMENTS_DOUBLED = "carrack_segments_doubled_total";
    /// Slots of the window given on before the response time-out because later requests were answered, by carrier.
    counter SLOTS_GIVEN_EARLY = "carrack_slots_given_early_total";
    /// Segments refused because the queue for one recipient was full, by carrier.
    counter DESTINATION_FULL = "carrack_destination_full_total";
    /// Refusals that put our account at the carrier at fault, by carrier; it rests after each.
    counter ACCOUNT_FAULTS = "carrack_account_faults_total";
    /// Times that a carrier refused so much that it was left alone for a while, by carrier.
    counter BREAKER_OPENED = "carrack_carrier_rests_total";
    /// Codes that carriers gave, by carrier, on (submit: status of a response that refused; receipt: error of a final
    /// receipt that is no delivery) and code; beyond 64 codes a carrier they are "other".
    counter CARRIER_ERRORS = "carrack_carrier_errors_total";
    /// Times that the receipts of a carrier for one network came to be too good to be true, by carrier.
    counter SUSPICIONS = "carrack_carrier_suspicions_total";
    /// Networks for which the receipts of a carrier are too good to be true now, by carrier.
    gauge NETWORKS_SUSPECTED = "carrack_carrier_networks_suspected";
    /// Segments sent today (UTC) to a carrier that has a cap of the day, by carrier.
    gauge DAY_SEGMENTS = "carrack_carrier_day_segments";
    /// How a carrier stands, by carrier and state (up, down, paused, refusing, capped): 1 for the state that it is in, 0 for
    /// the others.
    gauge CARRIER_STATE = "carrack_carrier_state";
    /// Share of the messages of the window with a known end that a carrier delivered, 0 to 1, by carrier; absent where there are none.
    gauge DELIVERED_SHARE = "carrack_carrier_delivered_share";
    /// Share of the submits of the window that a carrier accepted, 0 to 1, by carrier; absent where there are none.
    gauge ACCEPTED_SHARE = "carrack_carrier_accepted_share";
    /// Submit to response in the window, seconds, by carrier and quantile (0.5, 0.95); absent where there are none.
    gauge RESPONSE_SECONDS = "carrack_carrier_response_seconds";
    /// Response to final receipt in the window, seconds, by carrier and quantile (0.5, 0.95); absent where there are none.
    gauge RECEIPT_SECONDS = "carrack_carrier_receipt_seconds";
    /// Share of the messages of the window with a known end that a carrier delivered in a network, 0 to 1, by carrier and
    /// network; the 50 networks a carrier with most messages.
    gauge NETWORK_DELIVERED_SHARE = "carrack_network_delivered_share";
    /// Messages of the window with a known end, by carrier and network; the same networks.
    gauge NETWORK_MESSAGES = "carrack_network_messages";
    /// 1 where the receipts of a carrier for a network are too good to be true, by carrier and network; the same networks.
    gauge NETWORK_SUSPECTED = "carrack_network_suspected";
    /// Loop probes, by probe, carrier and outcome: returned, missed, unreturned (delivered says the receipt, and nothing came
    /// back), failed, carrier_down, not_taken; not_sent (turns while the carrier was down); late, ends_late and repeated ones.
    counter LOOP_PROBES = "carrack_loop_probes_total";
    /// 1 while as many loop probes in a row as are an alert did not come back, by probe and carrier.
    gauge LOOP_PROBE_ALERT = "carrack_loop_probe_alert";
    /// The last loop probe that is over, from its acceptance, seconds, by probe, carrier and step: response (the carrier took
    /// it), receipt (its end), return (it came back); absent where that did not come.
    gauge LOOP_PROBE_SECONDS = "carrack_loop_probe_seconds";
    /// Ends of loop probes and messages that came back of which this run does not know: of before the start, or of a probe
    /// that is gone.
    counter LOOP_PROBE_STRAYS = "carrack_loop_probe_strays_total";
    /// Questions about the network of a number that the register of [hlr] was not sent (remembered, joined to one under way,
    /// full, over_budget, ledger_failed, spared because it failed lately) or answered too_late, by answer.
    counter HLR_QUESTIONS = "carrack_hlr_questions_total";
    /// Requests to the register of [hlr], by result: answered, failed.
    counter HLR_REQUESTS = "carrack_hlr_requests_total";
    /// Questions that wait for the register.
    gauge HLR_WAITING = "carrack_hlr_waiting";
    /// Money spent on the register on the last day on which any was.
    gauge HLR_SPENT = "carrack_hlr_spent_today";
    /// Messages that were looked at by the table of [shadow] beside the one in use.
    counter SHADOW_SEEN = "carrack_shadow_messages_total";
    /// Of those: messages that another carrier would get, or that only one of the two tables has a carrier for.
    counter SHADOW_DIFFERENT = "carrack_shadow_different_total";
    /// Messages that were not looked at because [shadow] queue was full.
    counter SHADOW_DROPPED = "carrack_shadow_dropped_total";
    /// Times that the configuration of [shadow] had faults when it was read: nothing is looked at until the next reload.
    counter SHADOW_FAULTS = "carrack_shadow_faults_total";
    /// Questions about segments whose receipt is missing, by carrier.
    counter QUERIES_SENT = "carrack_queries_sent_total";
    /// Links that are bound, by carrier.
    gauge LINKS_UP = "carrack_links_up";
    /// Times a link was lost, by carrier.
    counter LINKS_LOST = "carrack_links_lost_total";
    /// Binds of customers, by result: bound, refused, or throttled because of too many failures before.
    counter CUSTOMER_BINDS = "carrack_customer_binds_total";
    /// Refused binds whose answer was held back because others had failed before.
    counter CUSTOMER_BINDS_DELAYED = "carrack_customer_binds_delayed_total";
    /// Connections of customers that ended because TLS failed.
    counter CUSTOMER_TLS_FAILED = "carrack_customer_tls_failed_total";
    /// Receipts and messages from handsets that a customer refused for good.
    counter CUSTOMER_REFUSED = "carrack_customer_refused_total";
    /// Questions by a short message id that is not remembered: older than the newest, or of before the start.
    counter CUSTOMER_SHORT_IDS_UNKNOWN = "carrack_customer_short_ids_unknown_total";
    /// 1 while the ring serves a shard, 0 while epoll does, by shard.
    gauge RUNTIME_RING = "carrack_runtime_ring";
    /// Odd things tolerated in PDUs, by carrier.
    counter PDU_ODDITIES = "carrack_pdu_oddities_total";
    /// Lines written to CDR files, each the end of one message, once they are on the disk.
    counter CDR_LINES = "carrack_cdr_lines_total";
    /// What kept CDR files from being written (file, missing, store, position, panic), or is in none of them or only in part
    /// (frame, origin, damaged, let_go), by kind.
    counter CDR_FAULTS = "carrack_cdr_faults_total";
    /// Frames of the log that the CDR files may not have yet.
    gauge CDR_LAG_FRAMES = "carrack_cdr_lag_frames";
    /// Age of the oldest end that the CDR files may not have yet, seconds.
    gauge CDR_LAG_SECONDS = "carrack_cdr_lag_seconds";
    /// Octets of the log that are kept only because the CDR files do not have all of it yet; bounded by [cdr] hold_max.
    gauge CDR_HELD_OCTETS = "carrack_cdr_held_octets";
    /// Modems of a pool by state: up (sends, or waits a moment to), connecting, down, closing.
    gauge MODEMS = "carrack_modems";
    /// Modems of a pool that somebody has to look at.
    gauge MODEM_ALERTS = "carrack_modem_alerts";
    /// Whether a modem is up: in its network, with a SIM that may send.
    gauge MODEM_UP = "carrack_modem_up";
    /// Whether a modem is in a network, its own or another.
    gauge MODEM_REGISTERED = "carrack_modem_registered";
    /// Signal that a modem hears, dBm; absent where it does not say.
    gauge MODEM_SIGNAL = "carrack_modem_signal_dbm";
    /// Places of a modem's message storage in use at the last look.
    gauge MODEM_STORAGE_USED = "carrack_modem_storage_used";
    /// Places of a modem's message storage.
    gauge MODEM_STORAGE_PLACES = "carrack_modem_storage_places";
    /// Segments that a modem was given, by outcome: accepted, refused, or unanswered (they may have been sent).
    counter MODEM_SEGMENTS = "carrack_modem_segments_total";
    /// What came to a modem, by what: message (of a handset, parts counted), report (a receipt), unreadable.
    counter MODEM_RECEIVED = "carrack_modem_received_total";
    /// Steps taken to bring a modem to its senses, by step: resync, modes, restart, reopen, usb_reset, power_cycle, out.
    counter MODEM_STEPS = "carrack_modem_steps_total";
    /// What befell a modem, by fault: command_timed_out, registration_lost, began_anew (by itself).
    counter MODEM_FAULTS = "carrack_modem_faults_total";
    /// SIMs in the modems of a pool by state: ready, capped (hour, day, month, recipients), resting (after its turn), suspected
    /// (looks blocked), off (switched off, or of another network).
    gauge SIMS = "carrack_sims";
    /// Segments that the SIM in a modem sent in the last hour, today and this month, by span.
    gauge SIM_SEGMENTS = "carrack_sim_segments";
    /// Segments that the SIM in a modem may send in an hour, on a day and in a month, by span; absent where there is no cap.
    gauge SIM_CAP = "carrack_sim_segments_max";
    /// What happened to SIMs, by event: suspected, trial_failed, cleared, without_place (it sends nothing), forgotten.
    counter SIM_EVENTS = "carrack_sim_events_total";
    /// Serial ports that a pool of modems asked who is there, by pool and outcome: modem or nobody.
    counter MODEM_PORTS_ASKED = "carrack_modem_ports_asked_total";
    /// Modems that a pool found by itself or that went away, by pool and change: found or gone.
    counter MODEMS_FOUND = "carrack_modems_found_total";
    /// Modems at serial ports that a pool has no place for (`ports_max`), by pool.
    gauge MODEMS_WITHOUT_PLACE = "carrack_modems_without_place";
}
