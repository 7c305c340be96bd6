#include "core/pricing/near_regions.h"

#include <algorithm>

namespace pilotlight::pricing {
namespace {

// By place, as the platforms name the sites of their regions. The first row that has a region says where it leads.
struct Place {
    char part;  // of the world: North and South America, Europe, Asia and Pacific
    const char *aws, *gcp, *azure;
};
constexpr Place kPlaces[] = {
    {'n', "us-east-1", "us-east4", "eastus"},                              // Virginia
    {'n', "us-east-1", "us-east4", "eastus2"},
    {'n', "us-east-2", "us-east5", "eastus2"},                             // Ohio; Virginia
    {'n', "us-east-1", "us-east1", "eastus"},                              // South Carolina; Virginia
    {'n', "us-east-2", "us-central1", "centralus"},                        // Ohio; Iowa
    {'n', "us-west-2", "us-west1", "westus2"},                             // Oregon; Washington
    {'n', "us-west-1", "us-west2", "westus"},                              // California
    {'n', "ca-central-1", "northamerica-northeast1", "canadaeast"},        // Quebec
    {'s', "sa-east-1", "southamerica-east1", "brazilsouth"},               // Sao Paulo
    {'e', "eu-west-1", "europe-west2", "northeurope"},                     // Ireland; London
    {'e', "eu-west-2", "europe-west2", "uksouth"},                         // London
    {'e', "eu-west-3", "europe-west9", "francecentral"},                   // Paris
    {'e', "eu-central-1", "europe-west3", "germanywestcentral"},           // Frankfurt
    {'e', "eu-central-1", "europe-west4", "westeurope"},                   // Frankfurt; Netherlands
    {'e', "eu-west-3", "europe-west1", "westeurope"},                      // Paris; Belgium; Netherlands
    {'e', "eu-north-1", "europe-north2", "swedencentral"},                 // Stockholm
    {'e', "eu-central-2", "europe-west6", "switzerlandnorth"},             // Zurich
    {'e', "eu-south-1", "europe-west8", "italynorth"},                     // Milan
    {'a', "ap-northeast-1", "asia-northeast1", "japaneast"},               // Tokyo
    {'a', "ap-northeast-2", "asia-northeast3", "koreacentral"},            // Seoul
    {'a', "ap-southeast-1", "asia-southeast1", "southeastasia"},           // Singapore
    {'a', "ap-southeast-2", "australia-southeast1", "australiaeast"},      // Sydney
    {'a', "ap-south-1", "asia-south1", "centralindia"},                    // Mumbai; Pune
};

const char* regionOf(const Place& place, PlatformKind platform) {
    return platform == PlatformKind::aws ? place.aws : platform == PlatformKind::gcp ? place.gcp : place.azure;
}

}  // namespace

std::vector<std::string> nearRegions(PlatformKind from, const std::string& region, PlatformKind to) {
    if (from == to) return {region};
    std::vector<std::string> out;
    const auto add = [&](const char* name) {
        if (std::find(out.begin(), out.end(), name) == out.end()) out.emplace_back(name);
    };
    char part = 0;
    for (const auto& place : kPlaces) {
        if (region != regionOf(place, from)) continue;
        add(regionOf(place, to));
        part = place.part;
    }
    for (const auto& place : kPlaces)
        if (place.part == part) add(regionOf(place, to));
    return out;
}

}  // namespace pilotlight::pricing
