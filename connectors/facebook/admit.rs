//! Is this call Facebook's own? The subscription handshake, and the signature
//! over the bytes exactly as they came (the wire has `\u00e4` and `\/`; JSON
//! that was read and written again no longer matches).

use crate::loose;
use hmac::{Hmac, KeyInit, Mac};
use onethread_core::channel::{Admission, HookAnswer, RawCall, Refusal};
use onethread_core::secret::Secret;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The dashboard asks once whether we know the verify token, and wants its challenge back.
pub fn shake_hands(query: &str, verify_token: &Secret) -> Result<Admission, Refusal> {
    let query = loose::query(query);
    let asked = |name: &str| query.get(name).ok_or(Refusal::Malformed);
    let (mode, token, challenge) = (asked("hub.mode")?, asked("hub.verify_token")?, asked("hub.challenge")?);
    if mode != "subscribe" {
        return Err(Refusal::Malformed);
    }
    if !bool::from(token.as_bytes().ct_eq(verify_token.reveal().as_bytes())) {
        return Err(Refusal::Forbidden);
    }
    let answer = HookAnswer::with(200, "text/plain", challenge.clone()).header("x-content-type-options", "nosniff");
    Ok(Admission::Answer(answer))
}

pub fn check_signature(call: &RawCall, app_secret: &Secret) -> Result<Admission, Refusal> {
    let signature = call.header("x-hub-signature-256").ok_or(Refusal::Forged)?;
    let hex = signature.trim().strip_prefix("sha256=").ok_or(Refusal::Forged)?;
    let claimed = hex::decode(hex).map_err(|_| Refusal::Forged)?;
    sign(app_secret.reveal(), &call.body).verify_slice(&claimed).map_err(|_| Refusal::Forged)?;
    Ok(Admission::keep())
}

/// HMAC-SHA256, as Facebook signs calls and as it wants tokens proven.
pub fn sign(key: &str, data: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(data);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use onethread_core::channel::AnswerBody;

    const KEY: &str = "fb_app_secret_0123456789abcdef";
    const ESCAPED: &str = r#"{"object":"page","entry":[{"id":"100000000000001","time":1700000000500,"messaging":[{"sender":{"id":"2000000000000002"},"recipient":{"id":"100000000000001"},"timestamp":1700000000123,"message":{"mid":"m_test1","text":"\u0110\u01a1n h\u00e0ng #1001 \ud83d\ude00 https:\/\/a.vn"}}]}]}"#;
    const ESCAPED_SIGNATURE: &str = "sha256=b9352a0b287fe31e472a550543b2885d89b78f30d9eb81594740062522aa06eb";

    fn call(body: &str, signature: Option<&str>) -> RawCall {
        let headers = signature.map(|signature| ("x-hub-signature-256".to_owned(), signature.to_owned()));
        RawCall {
            method: "POST".into(),
            headers: headers.into_iter().collect(),
            body: body.to_owned().into(),
            ..RawCall::default()
        }
    }

    fn checked(body: &str, signature: Option<&str>) -> Result<Admission, Refusal> {
        check_signature(&call(body, signature), &Secret::new(KEY))
    }

    #[test]
    fn a_signature_over_the_bytes_on_the_wire_is_accepted() {
        assert_eq!(ESCAPED.len(), 282);
        assert!(checked(ESCAPED, Some(ESCAPED_SIGNATURE)).is_ok());
        let empty = "sha256=55fc93aba2489d48509c45e2e343bdb7a67248f60f8967830d20a22b23beb264";
        assert!(checked(r#"{"object":"page","entry":[]}"#, Some(empty)).is_ok());
    }

    #[test]
    fn a_body_that_was_read_and_written_again_is_refused() {
        let value: serde_json::Value = serde_json::from_str(ESCAPED).expect("the vector is JSON");
        let plain = ESCAPED.replace(r"\/", "/").replace(r"\u0110\u01a1n h\u00e0ng", "Đơn hàng").replace(r"\ud83d\ude00", "😀");
        assert_eq!(plain.len(), 260);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&plain).expect("still JSON"), value);
        assert_eq!(checked(&plain, Some(ESCAPED_SIGNATURE)).err(), Some(Refusal::Forged));
    }

    #[test]
    fn a_missing_or_crooked_signature_is_refused() {
        let other_key = format!("sha256={}", hex::encode(sign("another secret", ESCAPED.as_bytes()).finalize().into_bytes()));
        let cut = &ESCAPED_SIGNATURE[..ESCAPED_SIGNATURE.len() - 2];
        for signature in
            [None, Some(""), Some("sha256="), Some("sha256=zz"), Some(cut), Some(&other_key), Some(&ESCAPED_SIGNATURE[7..])]
        {
            assert_eq!(checked(ESCAPED, signature).err(), Some(Refusal::Forged), "{signature:?}");
        }
    }

    #[test]
    fn the_challenge_comes_back_exactly_to_whoever_knows_the_token() {
        let token = Secret::new("my token");
        let Ok(Admission::Answer(answer)) =
            shake_hands("hub.mode=subscribe&hub.verify_token=my%20token&hub.challenge=11582%2B01444", &token)
        else {
            panic!("the handshake is answered");
        };
        assert_eq!(answer.status, 200);
        assert!(matches!(answer.body, AnswerBody::Bytes(body) if body == "11582+01444"));
        let refusal = |query: &str| shake_hands(query, &token).err();
        assert_eq!(refusal("hub.mode=subscribe&hub.verify_token=other&hub.challenge=1"), Some(Refusal::Forbidden));
        assert_eq!(refusal("hub.mode=subscribe&hub.verify_token=&hub.challenge=1"), Some(Refusal::Forbidden));
        for query in [
            "",
            "hub.mode=subscribe",
            "hub.mode=subscribe&hub.verify_token=my+token",
            "hub.verify_token=my+token&hub.challenge=1",
        ] {
            assert_eq!(refusal(query), Some(Refusal::Malformed), "{query}");
        }
    }
}
