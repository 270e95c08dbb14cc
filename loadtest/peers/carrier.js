// A carrier made of the npm package smpp, for `loadtest/peers/run`: takes any bind, gives ids, sends a receipt for each
// submit that asks for one, answers every n-th submit with ESME_RTHROTTLED.
//   node carrier.js READY_FILE REPORT_FILE THROTTLE_EVERY
'use strict';
const fs = require('fs');
const smpp = require('smpp');

const [readyFile, reportFile] = process.argv.slice(2);
const throttleEvery = Number(process.argv[4] || 0);
const report = { binds: 0, submits: 0, accepted: 0, throttled: 0, receipts_answered: 0, errors: [] };

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
    });
});

server.listen(0, '127.0.0.1', () => fs.writeFileSync(readyFile, `127.0.0.1:${server.address().port}`));
process.on('SIGTERM', () => {
    fs.writeFileSync(reportFile, JSON.stringify(report));
    process.exit(0);
});
