//! The answer to one packet.

use std::net::SocketAddr;

use stun_types::{
    attribute::{
        Attribute, AttributeStaticType, AttributeType, Fingerprint, MessageIntegrity,
        MessageIntegritySha256, Nonce, Realm, Userhash, Username, XorMappedAddress,
    },
    message::{BINDING, Message, MessageClass, MessageWrite, MessageWriteExt, MessageWriteVec},
};

/// Attributes that the RFC has and that mean nothing to a server without passwords.
const KNOWN: [AttributeType; 7] = [
    Fingerprint::TYPE,
    MessageIntegrity::TYPE,
    MessageIntegritySha256::TYPE,
    Nonce::TYPE,
    Realm::TYPE,
    Userhash::TYPE,
    Username::TYPE,
];

/// Bytes of the longest answer: the header, and an IPv6 address.
const MAX_REPLY: usize = 44;

/// The answer to a Binding request; `None` for every other packet.
///
/// A request with an attribute that it says must be understood, and is not, gets no answer instead of
/// error 420: that one would be larger than the request, and an amplifier for forged senders.
pub(super) fn to(packet: &[u8], from: SocketAddr) -> Option<Vec<u8>> {
    let request = Message::from_bytes(packet).ok()?;
    if !request.has_class(MessageClass::Request) || !request.has_method(BINDING) {
        return None;
    }
    let understood = |kind: AttributeType| !kind.comprehension_required() || KNOWN.contains(&kind);
    if !request
        .iter_attributes()
        .all(|(_, attribute)| understood(attribute.get_type()))
    {
        return None;
    }
    // A socket for both families reports IPv4 as `::ffff:a.b.c.d`, which the browser does not have.
    let seen = SocketAddr::new(from.ip().to_canonical(), from.port());
    let mapped = XorMappedAddress::new(seen, request.transaction_id());
    let mut reply = Message::builder_success(&request, MessageWriteVec::with_capacity(MAX_REPLY));
    reply.add_attribute(&mapped).ok()?;
    Some(reply.finish())
}

#[cfg(test)]
mod tests {
    use stun_types::{
        attribute::{AttributeWrite, RawAttribute, Software},
        message::{MessageType, Method},
    };

    use super::*;

    fn request() -> Vec<u8> {
        Message::builder_request(BINDING, MessageWriteVec::new()).finish()
    }

    fn with(attribute: &dyn AttributeWrite) -> Vec<u8> {
        let mut request = Message::builder_request(BINDING, MessageWriteVec::new());
        request.add_attribute(attribute).unwrap();
        request.finish()
    }

    fn mapped(from: &str) -> SocketAddr {
        let request = request();
        let reply = to(&request, from.parse().unwrap()).unwrap();
        assert!(reply.len() <= MAX_REPLY);
        let asked = Message::from_bytes(&request).unwrap();
        let reply = Message::from_bytes(&reply).unwrap();
        assert!(reply.has_class(MessageClass::Success));
        assert_eq!(reply.transaction_id(), asked.transaction_id());
        assert_eq!(reply.iter_attributes().count(), 1);
        let address = reply.attribute::<XorMappedAddress>().unwrap();
        address.addr(asked.transaction_id())
    }

    #[test]
    fn the_answer_is_the_senders_address_and_nothing_else() {
        for from in ["192.0.2.7:40000", "[2001:db8::7]:1"] {
            assert_eq!(mapped(from), from.parse().unwrap());
        }
        assert_eq!(
            mapped("[::ffff:192.0.2.7]:40000"),
            "192.0.2.7:40000".parse().unwrap()
        );
    }

    #[test]
    fn bytes_are_as_the_rfc_has_them() {
        let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        request.extend(1..=12);
        let reply = to(&request, "192.0.2.1:32853".parse().unwrap()).unwrap();
        let mut expected = vec![1, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42];
        expected.extend(1..=12);
        expected.extend([0, 0x20, 0, 8, 0, 1, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43]);
        assert_eq!(reply, expected);
    }

    #[test]
    fn an_attribute_that_may_be_ignored_is() {
        let from = "192.0.2.7:40000".parse().unwrap();
        assert!(to(&with(&Software::new("browser").unwrap()), from).is_some());
        assert!(to(&with(&Username::new("somebody").unwrap()), from).is_some());
        // CHANGE-REQUEST of RFC 5780.
        let unknown = RawAttribute::new(3.into(), &[0; 4]);
        assert_eq!(to(&with(&unknown), from), None);
    }

    #[test]
    fn what_is_no_binding_request_has_no_answer() {
        let from = "192.0.2.7:40000".parse().unwrap();
        let of = |class, method| {
            let kind = MessageType::from_class_method(class, method);
            Message::builder(kind, 1.into(), MessageWriteVec::new()).finish()
        };
        let cut = |bytes: Vec<u8>, len: usize| bytes.into_iter().take(len).collect();
        let rfc3489 = [&[0, 1, 0, 0][..], &[7; 16]].concat();
        let too_long = [&[0, 1, 0, 200][..], &request()[4..]].concat();
        let broken = [&[0, 1, 0, 4][..], &request()[4..], &[0x80, 0x22, 0, 9]].concat();
        for packet in [
            Vec::new(),
            vec![0],
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            vec![0xff; 548],
            vec![0; 20],
            cut(request(), 19),
            rfc3489,
            too_long,
            broken,
            of(MessageClass::Success, BINDING),
            of(MessageClass::Error, BINDING),
            of(MessageClass::Indication, BINDING),
            of(MessageClass::Request, Method::new(3)),
        ] {
            assert_eq!(to(&packet, from), None, "{packet:?}");
        }
    }

    #[test]
    fn noise_is_never_answered_with_more_than_an_address() {
        let mut rng = fastrand::Rng::with_seed(7);
        let from = "[2001:db8::7]:1".parse().unwrap();
        for _ in 0..20_000 {
            let mut packet = request();
            packet.extend((0..rng.usize(..60)).map(|_| rng.u8(..)));
            for _ in 0..rng.usize(..6) {
                let at = rng.usize(..packet.len());
                packet[at] = rng.u8(..);
            }
            if let Some(reply) = to(&packet, from) {
                assert!(reply.len() <= MAX_REPLY);
            }
        }
    }
}
