// A customer made of the npm package smpp: submits through a window, waits for every receipt, and for the answers of those
// handsets that answer, prints what came.
//   node customer.js HOST:PORT SYSTEM_ID PASSWORD COUNT WINDOW NUMBER
// Exit 0: every submit was taken and has exactly one receipt, every answer to NUMBER came once and says what it should.
'use strict';
const smpp = require('smpp');

const [address, systemId, password] = process.argv.slice(2);
const [count, window] = process.argv.slice(5).map(Number);
const number = process.argv[7];
const handsets = 40;
const answers = new Map();
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
    if (!(pdu.esm_class & 0x04)) {
        const text = pdu.message_payload ? pdu.message_payload.message : pdu.short_message.message;
        answers.set(pdu.source_addr, [...(answers.get(pdu.source_addr) || []), text]);
        end();
        return;
    }
    const id = String(pdu.receipted_message_id).replace(/\0$/, '');
    receipts.set(id, (receipts.get(id) || 0) + 1);
    end();
});

function end() {
    if (answered < count + handsets || receipts.size < ids.size || answers.size < handsets) return;
    const doubled = [...receipts.values()].filter((times) => times !== 1).length;
    const strange = [...receipts.keys()].filter((id) => !ids.has(id)).length;
    const wrong = [...answers].filter(([handset, said]) => said.length !== 1 || said[0] !== expected(handset)).length;
    console.log(JSON.stringify({
        sent, taken: ids.size, refused, receipts: receipts.size, doubled, strange, from_handsets: answers.size, wrong,
    }));
    session.unbind(() => process.exit(refused || doubled || strange || wrong ? 1 : 0));
}

function expected(handset) {
    return [
        `yes please ${handset}`, `Grüße für 5 € ${handset}`, `${'Да, конечно! '.repeat(15)}${handset}`,
        `${'a long answer in parts '.repeat(15)}${handset}`,
    ][Number(handset.slice(-1)) % 4];
}

function more() {
    while (sent < count + handsets && sent - answered < window) {
        const place = sent;
        sent += 1;
        const asks = place >= count;
        const text = asks ? 'are you there?' : `${texts[place % texts.length]} ${place}`;
        const long = text.length > 150;
        const [sender, ton] = asks ? [number, 3] : ['ACME', 5];
        const recipient = asks ? '44770091' : '44770090';
        session.submit_sm({
            source_addr: sender, source_addr_ton: ton, source_addr_npi: 0,
            destination_addr: `${recipient}${String(place % 10000).padStart(4, '0')}`, dest_addr_ton: 1, dest_addr_npi: 1,
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
setTimeout(() => { console.error(JSON.stringify({ timeout: true, sent, answered, receipts: receipts.size, from_handsets: answers.size })); process.exit(4); }, 60000);
