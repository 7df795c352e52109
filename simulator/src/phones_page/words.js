// What the phones page says, in both languages, and the data it plays with.

export const words = {
  vi: {
    phones: 'điện thoại mô phỏng', explain: 'Bạn là khách. Nhắn như trên máy thật, câu trả lời đi qua gateway rồi quay về đây.',
    console: 'Mở trang nhân viên ↗', other: 'English', everywhere: '+ Khách mới trên mọi máy', newCustomer: 'Khách mới', name: 'Tên khách',
    cancel: 'Thôi', add: 'Thêm', customer: 'Khách', weather: 'Sự cố', fine: 'OK', once: 'Một lần', until: 'Tới khi tắt',
    throttled: 'Bị chặn tốc độ (429, chờ 3 giây)', server_error: 'Máy chủ lỗi (5xx)', answer_lost: 'Nhận rồi nhưng mất hồi đáp',
    token_revoked: 'Token bị thu hồi', blocked: 'Khách chặn shop', window_closed: 'Hết cửa sổ nhắn tin', bad_content: 'Từ chối nội dung', nextSend: 'Lần gửi tới sẽ gặp sự cố này.',
    write: 'Nhắn cho shop…', send: 'Gửi', picture: 'Gửi ảnh', more: 'Thêm thao tác', typing: 'Shop đang soạn tin', empty: 'Nhắn câu đầu tiên cho shop nhé.',
    delivered: 'Đã nhận', seen: 'Đã xem', sent: 'Đã gửi', edited: 'đã sửa', deleted: 'Tin đã bị thu hồi', editing: 'Đang sửa tin', replying: 'Trả lời',
    reply: 'Trả lời', edit: 'Sửa', delete: 'Thu hồi', react: 'Thả ❤️', location: '📍 Gửi vị trí', phone: '☎️ Chia sẻ số điện thoại', start: '🔗 Vào từ liên kết',
    follows: '➕ Quan tâm shop', unfollows: '➖ Bỏ quan tâm', blocks: '⛔ Chặn shop', unblocks: '✅ Bỏ chặn', business: '🧑‍💼 Shop trả lời ngay trong app',
    novel: '🆕 Nội dung kiểu mới lạ', sticker: '🙂 Gửi sticker', voice: '🎙️ Gửi thoại', album: '🖼️ Gửi album', webchat: 'Web của shop',
    webchatOff: 'Web chat chưa được nối.', freshVisitor: '+ Khách lạ', shop: 'Tiệm Mây', status: 'Thường trả lời ngay', live: 'trực tiếp', catching: 'đang nối lại…',
    phoneAsk: 'Số điện thoại sẽ chia sẻ', large: 'Ảnh lớn hơn 5 MB.', 422: 'nền tảng này không có việc đó.', 502: 'gateway chưa nhận được. Inbox đã nối chưa?', ready: 'Trả lời từ shop (qua app)',
  },
  en: {
    phones: 'simulated phones', explain: 'You are the customer. Write as on a real phone; answers come back through the gateway.',
    console: 'Open the agents’ console ↗', other: 'Tiếng Việt', everywhere: '+ New customer on every phone', newCustomer: 'New customer', name: 'Name',
    cancel: 'Cancel', add: 'Add', customer: 'Customer', weather: 'Trouble', fine: 'OK', once: 'Once', until: 'Until lifted',
    throttled: 'Throttled (429, wait 3 s)', server_error: 'Server error (5xx)', answer_lost: 'Accepted, answer lost', token_revoked: 'Token revoked',
    blocked: 'Customer blocked the shop', window_closed: 'Messaging window closed', bad_content: 'Content refused', nextSend: 'The next send will meet this.',
    write: 'Message…', send: 'Send', picture: 'Send a picture', more: 'More to do', typing: 'The shop is typing', empty: 'Say the first word to the shop.',
    delivered: 'Delivered', seen: 'Seen', sent: 'Sent', edited: 'edited', deleted: 'Message was deleted', editing: 'Editing', replying: 'Reply to',
    reply: 'Reply', edit: 'Edit', delete: 'Delete', react: 'React ❤️', location: '📍 Send a location', phone: '☎️ Share the phone number', start: '🔗 Come in by a link',
    follows: '➕ Follow the shop', unfollows: '➖ Unfollow', blocks: '⛔ Block the shop', unblocks: '✅ Unblock', business: '🧑‍💼 Shop answers in the app itself',
    novel: '🆕 Content of an unknown kind', sticker: '🙂 Send a sticker', voice: '🎙️ Send a voice note', album: '🖼️ Send an album', webchat: 'The shop’s website',
    webchatOff: 'Web chat is not connected yet.', freshVisitor: '+ New visitor', shop: 'Tiệm Mây', status: 'Usually replies at once', live: 'live', catching: 'reconnecting…',
    phoneAsk: 'The phone number to share', large: 'The picture is larger than 5 MB.', 422: 'this platform has no such thing.', 502: 'the gateway did not take it. Is an inbox connected?', ready: 'Answer from the shop (in the app)',
  },
};

/** Ready-made first words; they fill the input, sending is up to you. */
export const scenarios = [
  { vi: 'Hỏi đơn hàng', en: 'Ask for an order', text: 'đơn DH1024 của em tới đâu rồi ạ' },
  { vi: 'Không dấu', en: 'Without diacritics', text: 'don cua e toi dau r shop oi' },
  { vi: 'Phí giao hàng', en: 'Delivery fee', text: 'phí ship về Đà Nẵng bao nhiêu ạ?' },
  { vi: 'Bằng tiếng Anh', en: 'Asks in English', text: 'Hi, where is my order DH1024?' },
  { vi: 'Gặp nhân viên', en: 'Wants a person', text: 'cho em gặp nhân viên với ạ' },
];

export const names = ['Nguyễn Thị Lan', 'Trần Minh Quân', 'Lê Thu Hà', 'Phạm Gia Bảo', 'Võ Ngọc Mai', 'Đặng Hoàng Nam', 'Bùi Khánh Linh', 'Hồ Anh Tuấn'];

export const looks = {
  zalo: { name: 'Zalo' }, facebook: { name: 'Messenger' }, telegram: { name: 'Telegram' }, discord: { name: 'Discord' },
};
