//! Golden bytes of the handshakes: BEP 3, BEP 6, BEP 10.

use shoal_wire::DecodeError;
use shoal_wire::id::{InfoHash, OfferId, PeerId};
use shoal_wire::peer::{ExtendedHandshake, Extensions, Handshake};
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What a WebTorrent client in a browser sends: extension protocol and fast extension.
const WEBTORRENT: &[u8; 68] =
    b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x0401234567890123456789-WW0208-abcdefghijkl";

fn webtorrent() -> Handshake {
    Handshake {
        info_hash: InfoHash(*b"01234567890123456789"),
        peer_id: PeerId(*b"-WW0208-abcdefghijkl"),
        fast: true,
        extended: true,
    }
}

#[test]
fn handshake_has_the_bytes_of_webtorrents() {
    assert_eq!(&webtorrent().encode(), WEBTORRENT);
    assert_eq!(Handshake::decode(WEBTORRENT), Ok(webtorrent()));
}

#[test]
fn handshake_of_bep_3_alone_has_no_reserved_bits() {
    let plain = Handshake {
        fast: false,
        extended: false,
        ..webtorrent()
    };
    let bytes = plain.encode();
    assert_eq!(bytes[20..28], [0; 8]);
    assert_eq!(Handshake::decode(&bytes), Ok(plain));
}

#[test]
fn unknown_reserved_bits_are_passed_over() {
    let mut bytes = *WEBTORRENT;
    bytes[20..28].fill(0xff);
    assert_eq!(Handshake::decode(&bytes), Ok(webtorrent()));
}

#[test]
fn another_protocol_is_refused() {
    let mut bytes = *WEBTORRENT;
    bytes[1] = b'b';
    assert_eq!(Handshake::decode(&bytes), Err(DecodeError::NotBitTorrent));
}

#[test]
fn extended_handshake_has_the_bytes_of_the_specification() {
    // The example of BEP 10 in UTF-8, without the port that a browser has not.
    let bytes = b"d1:md11:LT_metadatai1e7:\xc2\xb5T_PEXi2ee1:v13:\xc2\xb5Torrent 1.2e";
    let handshake = ExtendedHandshake {
        m: Extensions::from([("LT_metadata".into(), 1), ("µT_PEX".into(), 2)]),
        client: Some("µTorrent 1.2".into()),
        ..ExtendedHandshake::default()
    };
    assert_eq!(handshake.encode(), bytes);
    assert_eq!(ExtendedHandshake::decode(bytes), Ok(handshake));
}

#[test]
fn extended_handshake_of_a_real_client_is_read() {
    // As libtorrent writes it; the port, the address and the negative number are passed over.
    let bytes = b"d12:complete_agoi-1e1:md11:lt_donthavei7e10:share_modei8e11:ut_metadatai2ee\
        13:metadata_sizei31235e1:pi6881e4:reqqi500e1:v6:lt 2.06:yourip4:\x7f\0\0\x01e";
    let handshake = ExtendedHandshake::decode(bytes).unwrap();
    assert_eq!(handshake.m.get("ut_metadata"), Some(2));
    assert_eq!(handshake.metadata_size, Some(31_235));
    assert_eq!(handshake.reqq, Some(500));
    assert_eq!(handshake.client.as_deref(), Some("lt 2.0"));
}

#[test]
fn extended_handshake_without_extensions_is_read() {
    // WebTorrent's, when nothing is enabled; and one without `m`.
    let empty = Ok(ExtendedHandshake::default());
    assert_eq!(ExtendedHandshake::decode(b"d1:mdee"), empty);
    assert_eq!(ExtendedHandshake::decode(b"de"), empty);
    assert_eq!(ExtendedHandshake::default().encode(), b"d1:mdee");
}

#[test]
fn malformed_extended_handshakes_are_refused_by_name() {
    let deep = format!("d1:a{}{}e", "l".repeat(20), "e".repeat(20));
    let many: String = (10..75).map(|n| format!("2:{n}i1e")).collect();
    let many = format!("d1:md{many}ee");
    let long = format!("d1:v257:{}e", "v".repeat(257));
    for (bytes, error) in [
        (&b""[..], DecodeError::Truncated),
        (b"d", DecodeError::Truncated),
        (b"d1:mde", DecodeError::Truncated),
        (b"d4294967296:", DecodeError::Truncated),
        (b"d18446744073709551616:", DecodeError::NumberRange),
        (b"i1e", DecodeError::Bencode),
        (b"d1:mi1ee", DecodeError::Bencode),
        (b"d01:mdee", DecodeError::Bencode),
        (b"d4:reqqi01ee", DecodeError::Bencode),
        (b"d4:reqqi-0ee", DecodeError::Bencode),
        (b"d4:reqqiee", DecodeError::Bencode),
        (b"d4:reqqi-1ee", DecodeError::NumberRange),
        (b"d4:reqqi4294967296ee", DecodeError::NumberRange),
        (b"d1:md1:ai256eee", DecodeError::NumberRange),
        (b"d1:v1:a1:mdee", DecodeError::BencodeOrder),
        (b"d1:mde1:mdee", DecodeError::BencodeOrder),
        (b"d1:v1:\xffe", DecodeError::Text),
        (b"dee", DecodeError::Trailing),
        (deep.as_bytes(), DecodeError::BencodeDepth),
        (many.as_bytes(), DecodeError::TooMany { limit: 64 }),
        (long.as_bytes(), DecodeError::TextTooLong { limit: 256 }),
    ] {
        let text = String::from_utf8_lossy(bytes);
        assert_eq!(ExtendedHandshake::decode(bytes), Err(error), "{text}");
    }
}

#[test]
fn ids_have_two_text_forms() {
    let id = InfoHash(std::array::from_fn(|i| (i * 13) as u8));
    assert_eq!(id.to_hex(), "000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7");
    assert_eq!(InfoHash::from_hex(&id.to_hex().to_uppercase()), Ok(id));
    assert_eq!(id.to_binary().chars().count(), 20);
    assert_eq!(InfoHash::from_binary(&id.to_binary()), Ok(id));
}

#[test]
fn ids_of_another_length_or_alphabet_are_refused() {
    for hex in [
        "",
        "0",
        &"0".repeat(39),
        &"0".repeat(41),
        &"g".repeat(40),
        &"+0".repeat(20),
    ] {
        assert_eq!(PeerId::from_hex(hex), Err(DecodeError::HexId), "{hex:?}");
    }
    for binary in ["", &"a".repeat(19), &"a".repeat(21), &"\u{100}".repeat(20)] {
        assert_eq!(
            OfferId::from_binary(binary),
            Err(DecodeError::BinaryId),
            "{binary:?}"
        );
    }
}
