// SPDX-License-Identifier: GPL-2.0
#include "host/container.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace tcptrace::host {
namespace {

const std::string docker_id = "3f0c9b2e5d7a4861b0c2d4e6f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b";
const std::string outer_id = "aa0c9b2e5d7a4861b0c2d4e6f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b";

struct Path {
  std::string text;
  std::string runtime;
};

class ContainerPath : public testing::TestWithParam<Path> {};

TEST_P(ContainerPath, NamesIdAndRuntime) {
  EXPECT_EQ(parse_container(GetParam().text), (Container{docker_id, GetParam().runtime}))
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Docker, ContainerPath,
    testing::Values(Path{"/docker/" + docker_id, "docker"},
                    Path{"/system.slice/docker-" + docker_id + ".scope", "docker"},
                    Path{"/custom.slice/docker-" + docker_id + ".scope", "docker"},
                    // systemd or something else that makes cgroups inside the container
                    Path{"/docker/" + docker_id + "/init.scope", "docker"},
                    Path{"/system.slice/docker-" + docker_id + ".scope/system.slice/nginx.service",
                         "docker"},
                    // Docker in Docker: the innermost
                    Path{"/docker/" + outer_id + "/docker/" + docker_id, "docker"},
                    Path{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" +
                             docker_id + ".scope",
                         "docker"},
                    Path{"/ecs/0a1b2c3d/" + docker_id, ""}));

INSTANTIATE_TEST_SUITE_P(
    Kubernetes, ContainerPath,
    testing::Values(
        Path{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12ab_34.slice/"
             "cri-containerd-" +
                 docker_id + ".scope",
             "containerd"},
        Path{"/kubepods.slice/kubepods-pod12ab.slice/crio-" + docker_id + ".scope", "crio"},
        Path{"/kubepods.slice/kubepods-pod12ab.slice/crio-" + docker_id + ".scope/container",
             "crio"},
        Path{"/kubepods.slice/kubepods-pod12ab.slice/docker-" + docker_id + ".scope", "docker"},
        Path{"/kubepods/besteffort/pod74c13223-5a00-11e9-b385-42010a80018d/" + docker_id, ""},
        Path{"/kubepods/burstable/pod74c13223/crio-" + docker_id, "crio"},
        Path{"/kubepods/pod74c13223/" + docker_id, ""},
        Path{"/system.slice/containerd.service/kubepods-burstable-pod12ab.slice:cri-containerd:" +
                 docker_id,
             "containerd"},
        // kind: a cluster inside a Docker container
        Path{"/docker/" + outer_id +
                 "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod12.slice/"
                 "cri-containerd-" +
                 docker_id + ".scope",
             "containerd"},
        Path{"/docker/" + outer_id + "/kubelet/kubepods/burstable/pod12/" + docker_id, ""}));

INSTANTIATE_TEST_SUITE_P(
    Others, ContainerPath,
    testing::Values(Path{"/machine.slice/libpod-" + docker_id + ".scope", "podman"},
                    Path{"/machine.slice/libpod-" + docker_id + ".scope/container", "podman"},
                    Path{"/machine.slice/machine-libpod_pod_" + outer_id + ".slice/libpod-" +
                             docker_id + ".scope",
                         "podman"},
                    Path{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" +
                             docker_id + ".scope/container",
                         "podman"},
                    Path{"/libpod_parent/libpod-" + docker_id, "podman"},
                    Path{"/system.slice/web.service/libpod-payload-" + docker_id, "podman"},
                    Path{"/system.slice/nerdctl-" + docker_id + ".scope", "containerd"},
                    Path{"/default/" + docker_id, "containerd"}));

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
        "/machine.slice/libpod-conmon-" + docker_id + ".scope",
        "/kubepods.slice/kubepods-pod12.slice/crio-conmon-" + docker_id + ".scope",
        // a pod is no container
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12ab.slice",
        "/kubepods/besteffort/pod74c13223-5a00-11e9-b385-42010a80018d",
        "/machine.slice/machine-libpod_pod_" + docker_id + ".slice",
        // hex alone proves nothing, nor does a short, long or odd id
        "/build/" + docker_id, "/docker/" + docker_id.substr(1), "/docker/" + docker_id + "0",
        "/docker/" + docker_id.substr(1) + "g", "/docker/" + docker_id.substr(1) + "A",
        "/system.slice/docker-" + docker_id.substr(0, 12) + ".scope",
        "/system.slice/foo-docker-" + docker_id + ".scope", "/lxc/web",
        "/lxc.payload.web/init.scope", "/process_api/1d23b8ad10a1eb2a5f9c8ebbe8c2a6b8"));

}  // namespace
}  // namespace tcptrace::host
