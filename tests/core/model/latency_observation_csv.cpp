#include <gtest/gtest.h>

#include "core/model/observation_csv.h"

namespace pilotlight::model {
namespace {

TEST(ObservationCsv, ReadsSummariesAndMeasurements) {
    const auto table = parseObservationCsv(
        "memory_mb,duration_ms,count,p95_ms,max_memory_used_mb,cold,source,vcpu,concurrency\r\n"
        "128,1000.5,100,1200,70,0,cloud,,1\r\n\r\n"
        "# a remark\n"
        " 512 , 240 ,,,,true,BENCH,0.29,4\n");
    ASSERT_TRUE(table) << table.error().text();
    ASSERT_EQ(table->observations.size(), 2U);
    const Observation& first = table->observations[0];
    EXPECT_EQ(first.memory.value, 128);
    EXPECT_DOUBLE_EQ(first.mean_ms, 1000.5);
    EXPECT_EQ(first.count, 100);
    EXPECT_DOUBLE_EQ(first.p95_ms.value(), 1200);
    EXPECT_DOUBLE_EQ(first.max_memory_used_mb.value(), 70);
    EXPECT_FALSE(first.vcpu);
    EXPECT_FALSE(first.cold);
    const Observation& second = table->observations[1];
    EXPECT_EQ(second.count, 1);
    EXPECT_EQ(second.source, Observation::Source::bench);
    EXPECT_TRUE(second.cold);
    EXPECT_EQ(second.concurrency, 4);
    EXPECT_DOUBLE_EQ(second.vcpu.value(), 0.29);
    EXPECT_TRUE(table->notes.empty());
}

TEST(ObservationCsv, ColumnsInAnyOrderAndUnknownOnesAreNoted) {
    const auto table = parseObservationCsv(
        "\xEF\xBB\xBF"
        "region,Duration_MS,\"memory_mb\"\nus,10,256\n");
    ASSERT_TRUE(table) << table.error().text();
    ASSERT_EQ(table->observations.size(), 1U);
    EXPECT_EQ(table->observations[0].memory.value, 256);
    ASSERT_EQ(table->notes.size(), 1U);
    EXPECT_NE(table->notes[0].find("region"), std::string::npos);
}

TEST(ObservationCsv, RowsWithoutDurationArePassedOverUnlessOutOfMemory) {
    const auto table = parseObservationCsv("memory_mb,duration_ms,out_of_memory\n128,,1\n256,,\n512,0,\n1024,5,\n");
    ASSERT_TRUE(table);
    ASSERT_EQ(table->observations.size(), 2U);
    EXPECT_TRUE(table->observations[0].out_of_memory);
    EXPECT_EQ(table->observations[1].memory.value, 1024);
    EXPECT_EQ(table->notes.size(), 2U);
}

TEST(ObservationCsv, ErrorsNameTheLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"memory_mb,duration_ms\n128,ten\n", "line 2: duration_ms is not a number"},
        {"memory_mb,duration_ms\n128,1\n,3\n", "line 3: memory_mb is missing"},
        {"memory_mb,duration_ms\n128,-4\n", "line 2: duration_ms is out of range"},
        {"memory,duration\n128,4\n", "line 1: the header lacks"},
        {"memory_mb,duration_ms,memory_mb\n", "appears twice"},
        {"memory_mb,duration_ms,cold\n128,4,maybe\n", "line 2: cold is neither"},
        {"memory_mb,duration_ms,source\n128,4,moon\n", "line 2: source is neither"},
        {"", "the file is empty"},
    };
    for (const auto& [text, expected] : cases) {
        const auto table = parseObservationCsv(text);
        ASSERT_FALSE(table) << text;
        EXPECT_EQ(table.error().code, ErrorCode::invalid_argument);
        EXPECT_NE(table.error().what.find(expected), std::string::npos) << table.error().what;
    }
}

}  // namespace
}  // namespace pilotlight::model
