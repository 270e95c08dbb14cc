// A carrier made of the npm package smpp, for `loadtest/peers/run`: takes any bind, gives ids, sends a receipt for each
// submit that asks for one, answers every n-th submit with ESME_RTHROTTLED. Handsets 44770091... answer what they get, each
// by one of the replies in its last digit.
//   node carrier.js READY_FILE REPORT_FILE THROTTLE_EVERY
'use strict';
const fs = require('fs');
const smpp = require('smpp');

const [readyFile, reportFile] = process.argv.slice(2);
const throttleEvery = Number(process.argv[4] || 0);
const report = { binds: 0, submits: 0, accepted: 0, throttled: 0, receipts_answered: 0, mo_parts: 0, mo_parts_answered: 0, errors: [] };

function receipt(session, pdu, id) {
    const text = `id:${id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:`;
    session.deliver_sm({
        source_addr: pdu.destination_addr,
        destination_addr: pdu.source_addr,
        esm_class: 0x04,
        receipted_message_id: id,
        message_state: 2,
        short_message: text,
    }, (answer) => { if (answer.command_status === 0) report.receipts_answered += 1; });
}

const utf16 = (text) => Buffer.from(text, 'utf16le').swap16();

/// What a handset says, as the PDUs that carry it.
function reply(handset) {
    switch (Number(handset.slice(-1)) % 4) {
    case 0: return [{ data_coding: 0, short_message: `yes please ${handset}` }];
    case 1: return [{ data_coding: 0, short_message: `Grüße für 5 € ${handset}` }];
    case 2: return [{ data_coding: 8, short_message: '', message_payload: utf16(`${'Да, конечно! '.repeat(15)}${handset}`) }];
    default: {
        const text = Buffer.from(`${'a long answer in parts '.repeat(15)}${handset}`);
        const parts = [0, 1, 2].map((part) => text.subarray(part * 120, (part + 1) * 120));
        return parts.map((octets, part) => ({
            data_coding: 0, esm_class: 0x40,
            short_message: Buffer.concat([Buffer.from([5, 0, 3, Number(handset.slice(-3)) & 0xff, 3, part + 1]), octets]),
        }));
    }
    }
}

function answer(session, pdu) {
    for (const part of reply(pdu.destination_addr)) {
        report.mo_parts += 1;
        session.deliver_sm({
            source_addr: pdu.destination_addr, source_addr_ton: 1, source_addr_npi: 1,
            destination_addr: pdu.source_addr, dest_addr_ton: 3,
            ...part,
        }, (response) => { if (response.command_status === 0) report.mo_parts_answered += 1; });
    }
}

const server = smpp.createServer((session) => {
    session.on('error', (error) => report.errors.push(String(error)));
    for (const bind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
        session.on(bind, (pdu) => {
            report.binds += 1;
            session.send(pdu.response({ system_id: 'npm-smpp' }));
        });
    }
    session.on('enquire_link', (pdu) => session.send(pdu.response()));
    session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
    session.on('submit_sm', (pdu) => {
        report.submits += 1;
        if (throttleEvery && report.submits % throttleEvery === 0) {
            report.throttled += 1;
            session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
            return;
        }
        report.accepted += 1;
        const id = report.accepted.toString(16).padStart(8, '0');
        session.send(pdu.response({ message_id: id }));
        if (pdu.registered_delivery & 1) receipt(session, pdu, id);
        if (pdu.destination_addr.startsWith('44770091')) answer(session, pdu);
    });
});

server.listen(0, '127.0.0.1', () => fs.writeFileSync(readyFile, `127.0.0.1:${server.address().port}`));
process.on('SIGTERM', () => {
    fs.writeFileSync(reportFile, JSON.stringify(report));
    process.exit(0);
});
