//! One parcel onto Zalo: a `cs` (consultation) message. Files are uploaded
//! first, within the smaller of the limits that the sources give.

use super::fates::Trouble;
use super::{OfficialAccount, compose};
use crate::loose;
use bytes::Bytes;
use onethread_core::channel::{
    DeliveryError, FileLimit, OutboundFile, Parcel, ParcelContent, Quota, Receipt, RefusedBecause, TextUnit,
};
use onethread_core::parts::measure;
use reqwest::multipart;
use serde_json::{Value, json};

pub const FILE_LIMIT: u64 = 5 << 20;
const IMAGE_LIMIT: u64 = 1 << 20;

/// The smaller limits, as data: the sources contradict each other, and too small only costs a smaller picture.
pub fn file_limits() -> Vec<FileLimit> {
    let pictures = FILE_TYPES.iter().filter(|(_, door)| *door == Upload::Image);
    pictures.map(|(mime, _)| FileLimit::new(mime, IMAGE_LIMIT)).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upload {
    Image,
    Gif,
    File,
}

/// The media types that Zalo takes, and by which door.
pub const FILE_TYPES: [(&str, Upload); 7] = [
    ("image/jpeg", Upload::Image),
    ("image/png", Upload::Image),
    ("image/gif", Upload::Gif),
    ("application/pdf", Upload::File),
    ("application/msword", Upload::File),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", Upload::File),
    ("text/csv", Upload::File),
];

pub async fn deliver(account: &OfficialAccount, parcel: &Parcel) -> Result<Receipt, DeliveryError> {
    match &parcel.content {
        ParcelContent::Text { text, buttons, ask_phone } => {
            let text = checked(text)?;
            let message = compose::text(&text, buttons, ask_phone.as_deref());
            let adorned = message.get("attachment").is_some();
            match post(account, parcel, message).await {
                Err(trouble) if adorned && trouble.is_about_the_form() => {
                    tracing::warn!(inbox = %account.kit.inbox, %trouble, "the buttons were turned down; the words go out without them");
                    post(account, parcel, compose::plain(&text, buttons)).await.map_err(Trouble::fate)
                }
                answer => answer.map_err(Trouble::fate),
            }
        }
        ParcelContent::File { file, caption } => {
            if caption.as_deref().is_some_and(|caption| !caption.trim().is_empty()) {
                return loose::refuse(
                    RefusedBecause::BadContent,
                    "Zalo takes no text with a file; send it as a message of its own",
                );
            }
            let message = upload(account, file).await?;
            post(account, parcel, message).await.map_err(Trouble::fate)
        }
    }
}

fn checked(text: &str) -> Result<String, DeliveryError> {
    let text = compose::normal(text);
    if text.trim().is_empty() {
        return loose::refuse(RefusedBecause::BadContent, "the text is empty");
    }
    if measure(&text, TextUnit::Utf16) > compose::TEXT_LIMIT {
        return loose::refuse(RefusedBecause::TooLong, format!("more than {} characters", compose::TEXT_LIMIT));
    }
    Ok(text)
}

async fn post(account: &OfficialAccount, parcel: &Parcel, message: Value) -> Result<Receipt, Trouble> {
    let body = json!({ "recipient": { "user_id": parcel.to.as_str() }, "message": message });
    let data = account.api.post("/v3.0/oa/message/cs", &body).await?;
    match data.get("message_id").and_then(loose::id) {
        Some(id) => Ok(Receipt { message: id.into(), delivered: false, quota: data.get("quota").and_then(quota) }),
        None => Err(Trouble::Line(DeliveryError::Uncertain("Zalo took the message and named no id".into()))),
    }
}

/// What is left of the package. A free reply is counted as `reply`, and -1 means that nobody counts.
fn quota(told: &Value) -> Option<Quota> {
    let number = |name: &str| loose::id(told.get(name)?)?.parse().ok().filter(|number: &i64| *number >= 0);
    let free = loose::text(told, "quota_type") == Some("reply");
    Some(Quota { remaining: number("remain").filter(|_| !free)?, total: number("total") })
}

/// The message that shows the file, once Zalo has it. Nothing is said to the customer before, so
/// an upload whose answer is lost may simply be made again.
async fn upload(account: &OfficialAccount, file: &OutboundFile) -> Result<Value, DeliveryError> {
    let door = door(file)?;
    let bytes = account.kit.files.open(&file.id).await;
    let bytes = bytes.map_err(|error| DeliveryError::Unreachable(format!("the stored file could not be opened: {error}")))?;
    let (path, field) = match door {
        Upload::Image => ("/v2.0/oa/upload/image", "attachment_id"),
        Upload::Gif => ("/v2.0/oa/upload/gif", "attachment_id"),
        Upload::File => ("/v2.0/oa/upload/file", "token"),
    };
    let data = account.api.upload(path, || form(file, &bytes)).await.map_err(upload_fate)?;
    let Some(handle) = data.get(field).and_then(loose::id) else {
        return loose::refuse(RefusedBecause::BadFile, "Zalo took the file and gave nothing to send it by");
    };
    Ok(match door {
        Upload::Image => compose::image(&handle, "image"),
        Upload::Gif => compose::image(&handle, "gif"),
        Upload::File => compose::file(&handle),
    })
}

fn door(file: &OutboundFile) -> Result<Upload, DeliveryError> {
    let mime = file.mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((_, door)) = FILE_TYPES.iter().find(|(known, _)| *known == mime) else {
        let why = format!("Zalo takes JPG, PNG, GIF, PDF, DOC, DOCX and CSV; this is {}", loose::clip(&file.mime, 80));
        return loose::refuse(RefusedBecause::BadFile, why);
    };
    let limit = if *door == Upload::Image { IMAGE_LIMIT } else { FILE_LIMIT };
    if u64::try_from(file.size).unwrap_or(0) > limit {
        let what = if *door == Upload::Image { "pictures" } else { "files" };
        return loose::refuse(RefusedBecause::BadFile, format!("Zalo takes {what} of at most {} MB", limit >> 20));
    }
    Ok(*door)
}

fn form(file: &OutboundFile, bytes: &Bytes) -> multipart::Form {
    let part = || multipart::Part::stream_with_length(bytes.clone(), bytes.len() as u64).file_name(file.name.clone());
    let part = part().mime_str(&file.mime).unwrap_or_else(|_| part());
    multipart::Form::new().part("file", part)
}

fn upload_fate(trouble: Trouble) -> DeliveryError {
    let about_the_file = trouble.is_about_the_form();
    match trouble.fate() {
        DeliveryError::Refused(reason) if about_the_file => DeliveryError::refused(RefusedBecause::BadFile, reason.detail),
        DeliveryError::Uncertain(words) => DeliveryError::Unreachable(words),
        fate => fate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use onethread_core::message::FileKind;

    fn file(mime: &str, size: i64) -> OutboundFile {
        OutboundFile {
            id: "fil_1".into(),
            kind: FileKind::of_mime(mime),
            name: "a".into(),
            mime: mime.into(),
            size,
            url: String::new(),
        }
    }

    #[test]
    fn only_what_is_counted_is_a_quota() {
        let left = |told: Value| quota(&told).map(|quota| (quota.remaining, quota.total));
        assert_eq!(left(json!({ "quota_type": "sub_quota", "remain": 7, "total": "500" })), Some((7, Some(500))));
        assert_eq!(left(json!({ "quota_type": "purchase_quota", "remain": "0" })), Some((0, None)));
        assert_eq!(left(json!({ "quota_type": "reply", "remain": "3", "total": "8" })), None, "free");
        assert_eq!(left(json!({ "quota_type": "sub_quota", "remain": "-1", "total": "-1" })), None, "not counted");
        assert_eq!(left(json!([])), None);
    }

    #[test]
    fn what_zalo_does_not_take_is_refused_with_what_it_takes() {
        assert_eq!(door(&file("image/png", 1 << 20)), Ok(Upload::Image));
        assert_eq!(door(&file("text/csv; charset=utf-8", 5 << 20)), Ok(Upload::File));
        for (mime, size, hint) in
            [("image/jpeg", (1 << 20) + 1, "1 MB"), ("application/pdf", (5 << 20) + 1, "5 MB"), ("video/mp4", 1, "JPG")]
        {
            let Err(DeliveryError::Refused(reason)) = door(&file(mime, size)) else { panic!("{mime} is refused") };
            assert_eq!(reason.code, RefusedBecause::BadFile);
            assert!(reason.detail.contains(hint), "{}", reason.detail);
        }
    }
}
