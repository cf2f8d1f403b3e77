using IncusCompose.Tests.Loading;
using IncusCompose.Tests.Planning;

namespace IncusCompose.Tests.Guests;

/// <summary>Packages and users as cloud-init data, beside what the file says of it itself.</summary>
public class GuestCloudInitTests
{
    [Fact]
    public void Without_other_data_they_are_vendor_data()
    {
        var data = DataOf("""
            packages: [nginx, curl]
            users: { app: { groups: [www-data, adm], shell: /bin/sh, uid: 1500 }, ops: { sudo: true, password_hash: "$$6$$salt$$0123456789" } }
            """);
        Assert.Equal("""
            #cloud-config
            users:
            - default
            - name: "app"
              uid: 1500
              groups: "www-data,adm"
              shell: "/bin/sh"
              lock_passwd: true
            - name: "ops"
              lock_passwd: false
              passwd: "$6$salt$0123456789"
              sudo: "ALL=(ALL) NOPASSWD:ALL"
            package_update: true
            packages:
            - "nginx"
            - "curl"

            """.ReplaceLineEndings("\n"), data["cloud-init.vendor-data"]);
    }

    [Fact]
    public void User_data_that_says_nothing_of_them_stays_as_it_is()
    {
        var data = DataOf("packages: [nginx]\ncloud_init: { user_data: { timezone: Europe/Vienna } }");
        Assert.Equal("#cloud-config\ntimezone: Europe/Vienna\n", data["cloud-init.user-data"]);
        Assert.Contains("packages:\n- \"nginx\"\n", data["cloud-init.vendor-data"], StringComparison.Ordinal);
    }

    [Fact]
    public void User_data_with_lists_of_its_own_is_added_to_and_so_are_those_who_log_in_by_SSH()
    {
        var data = DataOf("packages: [nginx]\nusers: [app]\ncloud_init: { user_data: { packages: [curl], users: [{ name: own }] } }\nssh: { user: ann, keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN3ffe1K9BYEMRfyYyZXdtNMECAdWQbYtlNG/UXvN+n/ ann@here] }");
        Assert.False(data.ContainsKey("cloud-init.vendor-data"));
        var text = data["cloud-init.user-data"];
        Assert.StartsWith("Content-Type: multipart/mixed", text, StringComparison.Ordinal);
        foreach (var part in new[] { "  - curl\n", "- name: own\n", "- name: \"app\"\n", "- \"nginx\"\n", "- name: \"ann\"\n" })
            Assert.Contains(part, text, StringComparison.Ordinal);
        Assert.DoesNotContain("- default", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("users: { ann: }\nssh: { user: ann, keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN3ffe1K9BYEMRfyYyZXdtNMECAdWQbYtlNG/UXvN+n/ ann@here] }", "`ssh` makes the user `ann` already")]
    [InlineData("users: [app]\ncloud_init: { user_data: { users: [{ name: app }] } }", "the user data of `cloud_init` makes the user `app` already")]
    [InlineData("users: [app, app]", "there is already a user `app`")]
    [InlineData("users: [Bad Name]", "cannot be a user's name")]
    [InlineData("users: { Bad: {} }", "cannot be a user's name")]
    [InlineData("users: { app: { password: hunter22 } }", "no password belongs into this file")]
    [InlineData("users: { app: { password_hash: hunter22 } }", "is no password's hash")]
    [InlineData("packages: ['nginx curl']", "is no package's name")]
    public void What_cannot_be_is_said_with_what_to_write_instead(string lines, string problem) =>
        Assert.Contains(problem, Assert.Single(StackText.WebProblems(lines)), StringComparison.Ordinal);

    private static Dictionary<string, string> DataOf(string lines)
    {
        var stack = PlanningWorld.Stack(StackText.Web(lines) with { Image = "busybox" });
        return new PlanningWorld().Plan(stack).Changes.Single().Steps
            .Where(step => step.Path.StartsWith("config/cloud-init.", StringComparison.Ordinal)).ToDictionary(step => step.Path["config/".Length..], step => step.Value!);
    }
}
