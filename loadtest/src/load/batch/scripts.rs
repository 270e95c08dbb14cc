//! Texts in many scripts. `{n}` is the row's number: it makes every text different, and stands in every segment of those that need
//! several, so that no two segments of a batch are equal whatever reference the gateway gives them.

/// Texts of one segment in the default alphabet.
pub(super) const PLAIN: &[&str] = &[
    "Your parcel {n} arrives today between 14:00 and 16:00. Track it at https://example.com/t/{n}",
    "Your code is {n}. Do not share it with anyone.",
    "Reminder: dentist appointment no. {n} tomorrow at 9:30. Reply C to cancel.",
    "Hello, your invoice {n} of 42.50 is ready. Thank you for shopping with us!",
    "Flight {n}: boarding at gate B12, on time.",
];

/// Texts in other alphabets, with characters that need an escape, quotes, line ends, and more than one segment.
pub(super) const MIXED: &[&str] = &[
    "Invoice {n}: total 19,90 € [paid] {thank you} ~ see \"My account\" | C:\\bills^2",
    "Grüße aus München! Ihre Bestellung {n} über 12 € liegt bereit, schöne Grüße, Ihr Café Ñandú (Nr. {n})",
    "Votre commande nº {n} est prête à être retirée, bonne journée à vous et à bientôt ! (nº {n})",
    "ΠΑΡΑΓΓΕΛΙΑ {n} ΕΤΟΙΜΗ",
    "Η παραγγελία σας {n} είναι έτοιμη. Σας ευχαριστούμε πολύ που μας προτιμήσατε και σήμερα! (αρ. {n})",
    "Ваш заказ {n} готов. Ждём вас: ул. Ленина, 5.",
    "Код подтверждения: {n}",
    "رمز التحقق الخاص بك هو {n}، لا تشاركه مع أي شخص.",
    "טיסה {n} יוצאת בזמן, שער B12",
    "आपका ऑर्डर {n} आज शाम तक पहुँच जाएगा। धन्यवाद!",
    "您的验证码是{n}，请勿告诉他人。",
    "ご注文{n}を発送しました。ありがとうございます。",
    "주문 {n}이(가) 배송되었습니다.",
    "คำสั่งซื้อ {n} ของคุณพร้อมแล้ว",
    "🎉 Order {n} is on its way! 🚚💨 👨‍👩‍👧‍👦 🇬🇷🇬🇧 👍🏽",
    "👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦 {n} 👍🏽👍🏽👍🏽👍🏽👍🏽 {n} 🇬🇷🇬🇧🇩🇪🇫🇷🇪🇸 {n}",
    "Zażółć gęślą jaźń, zamówienie {n} — gotowe „do odbioru”",
    "Dear customer, order {n} has two lines:\nthe second one is here.\nKind regards, \"ACME\", Ltd.",
    "Dear customer, this is a longer notice about your contract number {n}. We have changed our terms with effect from the first day of next month; you find them in your account. If you agree you need do nothing. Our reference: {n}.",
    "Уважаемый клиент, напоминаем: договор {n}, срок оплаты истекает завтра. Просим оплатить счёт {n} вовремя, чтобы избежать отключения услуги по договору {n}.",
];

/// Repeated, each time with the number, until a long text is long enough. Short, so that the number is whole in every segment.
pub(super) const LONG_FILLER: &str = " the quick brown fox jumps over the lazy dog.";

/// Senders.
pub(super) const SENDERS: &[&str] = &["ACME", "Carrack", "Shop 24", "MyBank", "447700900999"];
