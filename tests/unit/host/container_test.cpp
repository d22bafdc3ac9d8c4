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
  EXPECT_EQ(parse_container(GetParam().text), (Container{kContainerId, GetParam().runtime}))
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Docker, ContainerPath,
    testing::Values(Path{"/docker/" + kContainerId, "docker"},
                    Path{"/system.slice/docker-" + kContainerId + ".scope", "docker"},
                    Path{"/custom.slice/docker-" + kContainerId + ".scope", "docker"},
                    // systemd or something else that makes cgroups inside the container
                    Path{"/docker/" + kContainerId + "/init.scope", "docker"},
                    Path{"/system.slice/docker-" + kContainerId +
                             ".scope/system.slice/nginx.service",
                         "docker"},
                    // Docker in Docker: the innermost
                    Path{"/docker/" + kOuterContainerId + "/docker/" + kContainerId, "docker"},
                    Path{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" +
                             kContainerId + ".scope",
                         "docker"},
                    Path{"/ecs/0a1b2c3d/" + kContainerId, ""}));

INSTANTIATE_TEST_SUITE_P(
    Kubernetes, ContainerPath,
    testing::Values(
        Path{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12ab_34.slice/"
             "cri-containerd-" +
                 kContainerId + ".scope",
             "containerd"},
        Path{"/kubepods.slice/kubepods-pod12ab.slice/crio-" + kContainerId + ".scope", "crio"},
        Path{"/kubepods.slice/kubepods-pod12ab.slice/crio-" + kContainerId + ".scope/container",
             "crio"},
        Path{"/kubepods.slice/kubepods-pod12ab.slice/docker-" + kContainerId + ".scope", "docker"},
        Path{"/kubepods/besteffort/pod74c13223-5a00-11e9-b385-42010a80018d/" + kContainerId, ""},
        Path{"/kubepods/burstable/pod74c13223/crio-" + kContainerId, "crio"},
        Path{"/kubepods/pod74c13223/" + kContainerId, ""},
        Path{"/system.slice/containerd.service/kubepods-burstable-pod12ab.slice:cri-containerd:" +
                 kContainerId,
             "containerd"},
        // kind: a cluster inside a Docker container
        Path{"/docker/" + kOuterContainerId +
                 "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod12.slice/"
                 "cri-containerd-" +
                 kContainerId + ".scope",
             "containerd"},
        Path{"/docker/" + kOuterContainerId + "/kubelet/kubepods/burstable/pod12/" + kContainerId,
             ""}));

INSTANTIATE_TEST_SUITE_P(
    Others, ContainerPath,
    testing::Values(Path{"/machine.slice/libpod-" + kContainerId + ".scope", "podman"},
                    Path{"/machine.slice/libpod-" + kContainerId + ".scope/container", "podman"},
                    Path{"/machine.slice/machine-libpod_pod_" + kOuterContainerId +
                             ".slice/libpod-" + kContainerId + ".scope",
                         "podman"},
                    Path{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" +
                             kContainerId + ".scope/container",
                         "podman"},
                    Path{"/libpod_parent/libpod-" + kContainerId, "podman"},
                    Path{"/system.slice/web.service/libpod-payload-" + kContainerId, "podman"},
                    Path{"/system.slice/nerdctl-" + kContainerId + ".scope", "containerd"},
                    Path{"/default/" + kContainerId, "containerd"}));

class NoContainer : public testing::TestWithParam<std::string> {};

TEST_P(NoContainer, IsInvented) {
  EXPECT_EQ(parse_container(GetParam()), std::nullopt) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Paths, NoContainer,
    testing::Values("", "/", "//", "/system.slice/nginx.service",
                    "/user.slice/user-1000.slice/session-3.scope", "/system.slice/docker.service",
                    "/docker", "/docker/buildkit/abcdef",
                    // the monitors of Podman and CRI-O are beside the container, not in it
                    "/machine.slice/libpod-conmon-" + kContainerId + ".scope",
                    "/kubepods.slice/kubepods-pod12.slice/crio-conmon-" + kContainerId + ".scope",
                    // a pod is no container
                    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod12ab.slice",
                    "/kubepods/besteffort/pod74c13223-5a00-11e9-b385-42010a80018d",
                    "/machine.slice/machine-libpod_pod_" + kContainerId + ".slice",
                    // hex alone proves nothing, nor does a short, long or odd id
                    "/build/" + kContainerId, "/docker/" + kContainerId.substr(1),
                    "/docker/" + kContainerId + "0", "/docker/" + kContainerId.substr(1) + "g",
                    "/docker/" + kContainerId.substr(1) + "A",
                    "/system.slice/docker-" + kContainerId.substr(0, 12) + ".scope",
                    "/system.slice/foo-docker-" + kContainerId + ".scope", "/lxc/web",
                    "/lxc.payload.web/init.scope",
                    "/process_api/1d23b8ad10a1eb2a5f9c8ebbe8c2a6b8"));

}  // namespace
}  // namespace tcptrace::host
