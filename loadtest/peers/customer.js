// A customer made of the npm package smpp: submits through a window, waits for every receipt, prints what came.
//   node customer.js HOST:PORT SYSTEM_ID PASSWORD COUNT WINDOW
// Exit 0: every submit was taken and has exactly one receipt.
'use strict';
const smpp = require('smpp');

const [address, systemId, password] = process.argv.slice(2);
const [count, window] = process.argv.slice(5).map(Number);
const texts = ['plain text', 'Grüße für 5 €', 'Привет, мир', '你好', 'a longer text '.repeat(15)];
const ids = new Set();
const receipts = new Map();
let sent = 0;
let answered = 0;
let refused = 0;

const session = smpp.connect({ url: `smpp://${address}`, auto_enquire_link_period: 5000 });
session.on('error', (error) => { console.error(String(error)); process.exit(2); });
session.on('deliver_sm', (pdu) => {
    session.send(pdu.response());
    const id = String(pdu.receipted_message_id).replace(/\0$/, '');
    receipts.set(id, (receipts.get(id) || 0) + 1);
    end();
});

function end() {
    if (answered < count || receipts.size < ids.size) return;
    const doubled = [...receipts.values()].filter((times) => times !== 1).length;
    const strange = [...receipts.keys()].filter((id) => !ids.has(id)).length;
    console.log(JSON.stringify({ sent, taken: ids.size, refused, receipts: receipts.size, doubled, strange }));
    session.unbind(() => process.exit(refused || doubled || strange ? 1 : 0));
}

function more() {
    while (sent < count && sent - answered < window) {
        const number = sent;
        sent += 1;
        const text = `${texts[number % texts.length]} ${number}`;
        const long = text.length > 150;
        session.submit_sm({
            source_addr: 'ACME', source_addr_ton: 5, source_addr_npi: 0,
            destination_addr: `44770090${String(number % 10000).padStart(4, '0')}`, dest_addr_ton: 1, dest_addr_npi: 1,
            registered_delivery: 1,
            ...(long ? { message_payload: text, short_message: '' } : { short_message: text }),
        }, (answer) => {
            answered += 1;
            if (answer.command_status === 0) ids.add(answer.message_id); else refused += 1;
            more();
            end();
        });
    }
}

session.on('connect', () => session.bind_transceiver({ system_id: systemId, password, interface_version: 0x34 }, (answer) => {
    if (answer.command_status !== 0) { console.error(`bind refused: ${answer.command_status}`); process.exit(3); }
    more();
}));
setTimeout(() => { console.error(JSON.stringify({ timeout: true, sent, answered, receipts: receipts.size })); process.exit(4); }, 60000);
