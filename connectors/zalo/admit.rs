//! Is this call Zalo's own? A plain SHA-256 over app id, the bytes exactly as
//! they came, the timestamp and the OA secret key. Sources disagree on where
//! the timestamp is (body or header) and how the header is written; each form
//! is accepted, none without the key.

use crate::loose;
use onethread_core::channel::{Admission, HookAnswer, RawCall, Refusal};
use onethread_core::secret::Secret;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The one field that the signature needs.
#[derive(Deserialize)]
struct Stamped {
    timestamp: Value,
}

pub fn admit(call: &RawCall, app: &str, oa_secret_key: &Secret) -> Result<Admission, Refusal> {
    if call.method != "POST" {
        return Err(Refusal::Malformed);
    }
    // Saving the webhook's address in the console posts this, unsigned, and wants a 200.
    if call.body.trim_ascii() == b"{}" {
        return Ok(Admission::Answer(HookAnswer::ok()));
    }
    let claimed = claimed_mac(call).ok_or(Refusal::Forged)?;
    let in_body = serde_json::from_slice::<Stamped>(&call.body).ok().and_then(|stamped| loose::id(&stamped.timestamp));
    let in_header = call.header("x-zevent-timestamp").map(|stamp| stamp.trim().to_owned());
    let matches = |stamp: String| bool::from(mac(app, &call.body, &stamp, oa_secret_key.reveal()).ct_eq(&claimed));
    let keyed = !oa_secret_key.reveal().is_empty();
    match keyed && [in_body, in_header].into_iter().flatten().any(matches) {
        true => Ok(Admission::keep()),
        false => Err(Refusal::Forged),
    }
}

/// `mac=HEX`, `mac = HEX` or bare, in any case.
fn claimed_mac(call: &RawCall) -> Option<Vec<u8>> {
    let header = call.header("x-zevent-signature")?.trim();
    let hex = match header.split_once('=') {
        Some((name, hex)) if name.trim().eq_ignore_ascii_case("mac") => hex.trim(),
        Some(_) => return None,
        None => header,
    };
    hex::decode(hex).ok()
}

fn mac(app: &str, body: &[u8], stamp: &str, key: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in [app.as_bytes(), body, stamp.as_bytes(), key.as_bytes()] {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "360846524940903967";
    const KEY: &str = "zalo_oa_secret_key_TEST";
    const BODY: &str = r#"{"app_id":"360846524940903967","sender":{"id":"246845883529197922"},"user_id_by_app":"552177279717587730","recipient":{"id":"388613280878808645"},"event_name":"user_send_text","message":{"text":"Đơn hàng #1001 ở đâu? 😀","msg_id":"96d3cdf3af150460909"},"timestamp":"1700000000123"}"#;
    const MAC: &str = "4a41b9de8420935d18dccf656eb8e926d3cf37962434064ce8b72b2bbfdaeb29";

    fn call(body: &str, headers: &[(&str, &str)]) -> RawCall {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        RawCall { method: "POST".into(), headers, body: body.to_owned().into(), ..RawCall::default() }
    }

    fn signed(body: &str, signature: &str) -> Result<Admission, Refusal> {
        admit(&call(body, &[("x-zevent-signature", signature)]), APP, &Secret::new(KEY))
    }

    #[test]
    fn a_signature_is_accepted_in_every_form_it_comes_in() {
        assert_eq!(BODY.len(), 290);
        let upper = MAC.to_ascii_uppercase();
        for form in [format!("mac={MAC}"), format!("mac = {MAC}"), MAC.to_owned(), format!("MAC={upper}"), upper.clone()] {
            assert!(matches!(signed(BODY, &form), Ok(Admission::Keep(_))), "{form}");
        }
        let third_party = r#"{"app_id":"app-123","timestamp":"1720000000000"}"#;
        let mac = "mac=22944a325afc460d2fa60ac34e93d1adc040aca913e6836f26d02ea6ea34116c";
        assert!(admit(&call(third_party, &[("x-zevent-signature", mac)]), "app-123", &Secret::new("oa-secret")).is_ok());
    }

    #[test]
    fn a_body_that_was_read_and_written_again_is_refused() {
        let value: Value = serde_json::from_str(BODY).expect("the vector is JSON");
        let spaced = serde_json::to_string_pretty(&value).expect("still JSON");
        assert_eq!(signed(&spaced, &format!("mac={MAC}")).err(), Some(Refusal::Forged));
    }

    #[test]
    fn the_timestamp_may_come_in_the_header_instead() {
        let body = r#"{"event_name":"follow"}"#;
        let mac = hex::encode(mac(APP, body.as_bytes(), "1700000000123", KEY));
        let headers = [("x-zevent-signature", mac.as_str()), ("x-zevent-timestamp", "1700000000123")];
        assert!(admit(&call(body, &headers), APP, &Secret::new(KEY)).is_ok());
        assert!(admit(&call(body, &headers[..1]), APP, &Secret::new(KEY)).is_err());
    }

    #[test]
    fn nothing_is_accepted_without_a_key_or_with_a_crooked_signature() {
        let keyless = format!("mac={}", hex::encode(mac(APP, BODY.as_bytes(), "1700000000123", "")));
        let nobody = admit(&call(BODY, &[("x-zevent-signature", &keyless)]), APP, &Secret::new(""));
        assert_eq!(nobody.err(), Some(Refusal::Forged));
        assert_eq!(admit(&call(BODY, &[]), APP, &Secret::new(KEY)).err(), Some(Refusal::Forged));
        for crooked in ["", "mac=", "mac", "mac=zz", &format!("sha={MAC}"), &MAC[2..], &keyless] {
            assert_eq!(signed(BODY, crooked).err(), Some(Refusal::Forged), "{crooked}");
        }
    }

    #[test]
    fn the_consoles_empty_call_is_answered_and_not_kept() {
        for body in ["{}", " {}\n"] {
            assert!(
                matches!(admit(&call(body, &[]), APP, &Secret::new(KEY)), Ok(Admission::Answer(answer)) if answer.status == 200)
            );
        }
        let mut get = call("", &[]);
        get.method = "GET".into();
        assert_eq!(admit(&get, APP, &Secret::new(KEY)).err(), Some(Refusal::Malformed));
    }
}
