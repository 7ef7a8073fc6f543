// The options of UDP sockets.
#include "sockets.h"

void test(void) {
	for (uint8_t family = IPV4; family <= IPV6; family++) {
		udp s = udp_new(family);
		for (int bound = 0; bound <= 1; bound++) {
			uint8_t n8;
			uint64_t n64;
			OK(UDP(unicast_hop_limit)(s, &n8, &code));
			CHECK(n8 > 0);
			OK(UDP(set_unicast_hop_limit)(s, 42, &code));
			OK(UDP(unicast_hop_limit)(s, &n8, &code));
			CHECK_EQ(n8, 42);
			FAILS(UDP(set_unicast_hop_limit)(s, 0, &code), INVALID_ARGUMENT);
			OK(UDP(set_receive_buffer_size)(s, 65536, &code));
			OK(UDP(receive_buffer_size)(s, &n64, &code));
			CHECK_EQ(n64, 65536);
			OK(UDP(set_receive_buffer_size)(s, UINT64_MAX, &code));
			FAILS(UDP(set_receive_buffer_size)(s, 0, &code), INVALID_ARGUMENT);
			OK(UDP(set_send_buffer_size)(s, 65536, &code));
			OK(UDP(send_buffer_size)(s, &n64, &code));
			CHECK_EQ(n64, 65536);
			OK(UDP(set_send_buffer_size)(s, 1, &code));
			FAILS(UDP(set_send_buffer_size)(s, 0, &code), INVALID_ARGUMENT);
			if (!bound) {
				endpoint any = at(family, 0);
				OK(UDP(start_bind)(s, net(), &any, &code));
				OK(UDP(finish_bind)(s, &code));
			}
		}
		udp_drop(s);
	}
}
