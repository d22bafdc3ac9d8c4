// SPDX-License-Identifier: GPL-2.0
#include "host/container.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "unit/host/fake_root.h"

namespace tcptrace::host {
namespace {

struct Path {
  std::string text;
  std::string runtime;
};

class ContainerPath : public testing::TestWithParam<Path> {};

TEST_P(ContainerPath, NamesIdAndRuntime) {
  EXPECT_EQ(parse_container(GetParam().text), (Container{inner_id, GetParam().runtime}))
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Docker, ContainerPath,
    testing::Values(Path{"/docker/" + inner_id, "docker"},
                    Path{"/system.slice/docker-" + inner_id + ".scope", "docker"},
                    Path{"/custom.slice/docker-" + inner_id + ".scope", "docker"},
                    // systemd or something else that makes cgroups inside the container
                    Path{"/docker/" + inner_id + "/init.scope", "docker"},
                    Path{"/system.slice/docker-" + inner_id + ".scope/system.slice/nginx.service",
                         "docker"},
                    // Docker in Docker: the innermost
                    Path{"/docker/" + outer_id + "/docker/" + inner_id, "docker"},
                    Path{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" +
                             inner_id + ".scope",
                         "docker"},
                    Path{"/ecs/0a1b2c3d/" + inner_id, ""}));

INSTANTIATE_TEST_SUITE_P(
    Kubernetes, ContainerPath,
    testing::Values(
        Path{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12ab_34.slice/"
             "cri-containerd-" +
                 inner_id + ".scope",
             "containerd"},
        Path{"/kubepods.slice/kubepods-pod12ab.slice/crio-" + inner_id + ".scope", "crio"},
        Path{"/kubepods.slice/kubepods-pod12ab.slice/crio-" + inner_id + ".scope/container",
             "crio"},
        Path{"/kubepods.slice/kubepods-pod12ab.slice/docker-" + inner_id + ".scope", "docker"},
        Path{"/kubepods/besteffort/pod74c13223-5a00-11e9-b385-42010a80018d/" + inner_id, ""},
        Path{"/kubepods/burstable/pod74c13223/crio-" + inner_id, "crio"},
        Path{"/kubepods/pod74c13223/" + inner_id, ""},
        Path{"/system.slice/containerd.service/kubepods-burstable-pod12ab.slice:cri-containerd:" +
                 inner_id,
             "containerd"},
        // kind: a cluster inside a Docker container
        Path{"/docker/" + outer_id +
                 "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod12.slice/"
                 "cri-containerd-" +
                 inner_id + ".scope",
             "containerd"},
        Path{"/docker/" + outer_id + "/kubelet/kubepods/burstable/pod12/" + inner_id, ""}));

INSTANTIATE_TEST_SUITE_P(
    Others, ContainerPath,
    testing::Values(Path{"/machine.slice/libpod-" + inner_id + ".scope", "podman"},
                    Path{"/machine.slice/libpod-" + inner_id + ".scope/container", "podman"},
                    Path{"/machine.slice/machine-libpod_pod_" + outer_id + ".slice/libpod-" +
                             inner_id + ".scope",
                         "podman"},
                    Path{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" +
                             inner_id + ".scope/container",
                         "podman"},
                    Path{"/libpod_parent/libpod-" + inner_id, "podman"},
                    Path{"/system.slice/web.service/libpod-payload-" + inner_id, "podman"},
                    Path{"/system.slice/nerdctl-" + inner_id + ".scope", "containerd"},
                    Path{"/default/" + inner_id, "containerd"}));

class NoContainer : public testing::TestWithParam<std::string> {};

TEST_P(NoContainer, IsInvented) {
  EXPECT_EQ(parse_container(GetParam()), std::nullopt) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Paths, NoContainer,
    testing::Values(
        "", "/", "//", "/system.slice/nginx.service", "/user.slice/user-1000.slice/session-3.scope",
        "/system.slice/docker.service", "/docker", "/docker/buildkit/abcdef",
        // the monitors of Podman and CRI-O are beside the container, not in it
        "/machine.slice/libpod-conmon-" + inner_id + ".scope",
        "/kubepods.slice/kubepods-pod12.slice/crio-conmon-" + inner_id + ".scope",
        // a pod is no container
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12ab.slice",
        "/kubepods/besteffort/pod74c13223-5a00-11e9-b385-42010a80018d",
        "/machine.slice/machine-libpod_pod_" + inner_id + ".slice",
        // hex alone proves nothing, nor does a short, long or odd id
        "/build/" + inner_id, "/docker/" + inner_id.substr(1), "/docker/" + inner_id + "0",
        "/docker/" + inner_id.substr(1) + "g", "/docker/" + inner_id.substr(1) + "A",
        "/system.slice/docker-" + inner_id.substr(0, 12) + ".scope",
        "/system.slice/foo-docker-" + inner_id + ".scope", "/lxc/web",
        "/lxc.payload.web/init.scope", "/process_api/1d23b8ad10a1eb2a5f9c8ebbe8c2a6b8"));

}  // namespace
}  // namespace tcptrace::host
