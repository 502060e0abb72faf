#include <catch2/catch.hpp>

#include "gateway/spdy.h"

using gateway::SpdyCodec;
using gateway::SpdyFrame;

TEST_CASE("headers survive compression in both directions, frame by frame") {
    SpdyCodec sender, receiver;
    for (int i = 1; i < 20; i += 2) {
        const std::string bytes = sender.synReply(static_cast<std::uint32_t>(i), {{"streamtype", "data"}, {"port", std::to_string(8000 + i)}});
        std::vector<SpdyFrame> frames;
        for (std::size_t at = 0; at < bytes.size(); at += 3) { // arrives in pieces
            auto part = receiver.feed(std::string_view(bytes).substr(at, 3));
            REQUIRE(part.ok());
            frames.insert(frames.end(), part->begin(), part->end());
        }
        REQUIRE(frames.size() == 1);
        REQUIRE(frames[0].kind == SpdyFrame::SynReply);
        REQUIRE(frames[0].stream == static_cast<std::uint32_t>(i));
        REQUIRE(frames[0].headers.at("port") == std::to_string(8000 + i));
    }
}

TEST_CASE("data frames keep their bytes and the half close") {
    SpdyCodec codec;
    auto frames = codec.feed(SpdyCodec::data(7, std::string("a\0b", 3), false) + SpdyCodec::data(7, "", true));
    REQUIRE(frames.ok());
    REQUIRE(frames->size() == 2);
    REQUIRE((*frames)[0].data.size() == 3);
    REQUIRE_FALSE((*frames)[0].finish);
    REQUIRE((*frames)[1].finish);
}

TEST_CASE("garbage is an error, not a crash, and a giant frame is refused") {
    SpdyCodec codec;
    REQUIRE_FALSE(codec.feed(std::string("\x80\x03\x00\x01\x00\x00\x00\x20", 8) + std::string(32, '\x55')).ok());
    SpdyCodec other;
    REQUIRE_FALSE(other.feed(std::string("\x00\x00\x00\x01\x00\xff\xff\xff", 8)).ok());
}

TEST_CASE("headers for another dictionary, or a compressed stream that ends, are errors and no endless work") {
    const auto synStream = [](std::string_view block) {
        std::string frame("\x80\x03\x00\x01\x00\x00\x00", 7);
        frame += static_cast<char>(10 + block.size());
        frame += std::string("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00", 10);
        return frame.append(block);
    };
    SpdyCodec other;
    REQUIRE_FALSE(other.feed(synStream("\x78\xbb\xe3\xc6\x41\x41\xa7\xc2")).ok());
    SpdyCodec ended; // an empty zlib stream, and more after its end
    REQUIRE_FALSE(ended.feed(synStream(std::string("\x78\x9c\x03\x00\x00\x00\x00\x01more", 12))).ok());
}
