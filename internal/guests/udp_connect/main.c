// Streams to one peer: they send to it and receive from it only, until the next
// call of stream.
#include "sockets.h"

void test(void) {
	endpoint a, b, c, got;
	udp one = udp_bind(IPV4, &a), peer = udp_bind(IPV4, &b), stranger = udp_bind(IPV4, &c);
	streams to_peer = udp_stream(one, &b), from_peer = udp_stream(peer, NULL), from_stranger = udp_stream(stranger, NULL);
	OK(UDP(remote_address)(one, &got, &code));
	CHECK(same(got, b));
	OK(UDP(local_address)(one, &got, &code));
	CHECK(same(got, a));

	permit(to_peer.out);
	OK(udp_send(to_peer.out, "implied", 7, NULL));
	OK(udp_send(to_peer.out, "named", 5, &b));
	FAILS(udp_send(to_peer.out, "elsewhere", 9, &c), INVALID_ARGUMENT);
	udp_expect(from_peer.in, "implied", a);
	udp_expect(from_peer.in, "named", a);

	permit(from_stranger.out);
	OK(udp_send(from_stranger.out, "spam", 4, &a));
	permit(from_peer.out);
	OK(udp_send(from_peer.out, "mail", 4, &a));
	udp_expect(to_peer.in, "mail", b);
	wasi_sockets_udp_list_incoming_datagram_t list;
	OK(wasi_sockets_udp_method_incoming_datagram_stream_receive(to_peer.in, 8, &list, &code));
	CHECK_EQ(list.len, 0);

	// The next streams take the place of these.
	streams to_all = udp_stream(one, NULL);
	FAILS(UDP(remote_address)(one, &got, &code), INVALID_STATE);
	FAILS(wasi_sockets_udp_method_incoming_datagram_stream_receive(to_peer.in, 1, &list, &code), INVALID_STATE);
	uint64_t n;
	FAILS(wasi_sockets_udp_method_outgoing_datagram_stream_check_send(to_peer.out, &n, &code), INVALID_STATE);
	permit(to_all.out);
	FAILS(udp_send(to_all.out, "nowhere", 7, NULL), INVALID_ARGUMENT);
	OK(udp_send(to_all.out, "freely", 6, &c));
	udp_expect(from_stranger.in, "freely", a);
	permit(from_stranger.out);
	OK(udp_send(from_stranger.out, "thanks", 6, &a));
	udp_expect(to_all.in, "thanks", c);
	streams_drop(to_peer);
	streams_drop(to_all);
	streams_drop(from_peer);
	streams_drop(from_stranger);
	udp_drop(one);
	udp_drop(peer);
	udp_drop(stranger);
}
