using IncusCompose.Definition;

namespace IncusCompose.Tests.Loading;

/// <summary>How a file says what is made of an instance once it is ready.</summary>
public class ProvisionTests
{
    [Fact]
    public void A_command_has_a_short_and_a_long_form_and_defaults_that_are_stated()
    {
        var steps = Load("""
            provision:
              - apt-get install -y nginx
              - {name: migrate, exec: [app, migrate], user: app, cwd: /srv/app, timeout: 1h, environment: {MODE: production}}
            """);
        Assert.Equal(["/bin/sh", "-c", "apt-get install -y nginx"], steps[0].Exec!);
        Assert.Equal((null, null, null, TimeSpan.FromMinutes(30), 0), (steps[0].Name, steps[0].User, steps[0].WorkingDirectory, steps[0].Timeout, steps[0].Environment.Count));
        Assert.Equal("exec apt-get", steps[0].ToString());
        Assert.Equal(["app", "migrate"], steps[1].Exec!);
        Assert.Equal(("migrate", "app", "/srv/app", TimeSpan.FromHours(1), "production"), (steps[1].Name, steps[1].User, steps[1].WorkingDirectory, steps[1].Timeout, steps[1].Environment["MODE"]));
        Assert.Single(Load("provision: echo"));
        Assert.Single(Load("provision: {exec: echo}"));
        Assert.Empty(Load("provision:"));
        Assert.Empty(Load("provision: []"));
    }

    [Fact]
    public void Scripts_and_files_are_texts_or_paths_that_start_from_the_stack_file()
    {
        var steps = Load("""
            provision:
              - script: setup.sh
              - script: {content: print(1), interpreter: python3, args: [a, b]}
              - files:
                  - {source: ./conf, target: /etc/app}
                  - {content: hello, target: /etc/motd, owner: app, group: 12, mode: 0640}
            """);
        Assert.EndsWith("/shop/setup.sh", steps[0].Script!.Source, StringComparison.Ordinal);
        Assert.Equal("script setup.sh", steps[0].ToString());
        var script = steps[1].Script!;
        Assert.Equal(("print(1)", null), (script.Content, script.Source));
        Assert.Equal(["python3"], script.Interpreter!);
        Assert.Equal(["a", "b"], script.Arguments);
        var files = steps[2].Files!;
        Assert.EndsWith("/shop/conf", files[0].Source, StringComparison.Ordinal);
        Assert.Equal(("hello", "/etc/motd", "app", "12", 0b110_100_000), (files[1].Content, files[1].Target, files[1].Owner, files[1].Group, files[1].Mode));
        Assert.Equal("files /etc/app, /etc/motd", steps[2].ToString());
    }

    [Fact]
    public void Ansible_takes_a_playbook_or_a_role_and_variables_as_its_own_files_have_them()
    {
        var steps = Load("""
            provision:
              - ansible: site.yml
              - ansible:
                  role: geerlingguy.nginx
                  vars: {port: 8080, on: yes, ratio: 1.50, mode: 0644, quoted: "8080", none: , list: [a, {b: false}], text: "it's {{ port }}"}
                  tags: [install]
                  skip_tags: [slow]
                  groups: [webservers]
                  become: false
                  connection: community.general.lxd
                  extra_args: [-v]
            """);
        Assert.EndsWith("/shop/site.yml", steps[0].Ansible!.Playbook, StringComparison.Ordinal);
        Assert.Equal("ansible site.yml", steps[0].ToString());
        var role = steps[1].Ansible!;
        Assert.Equal(("geerlingguy.nginx", null, false, "community.general.lxd"), (role.Role, role.Playbook, role.Become, role.Connection));
        Assert.Equal("""{"port":8080,"on":true,"ratio":1.50,"mode":"0644","quoted":"8080","none":null,"list":["a",{"b":false}],"text":"it's {{ port }}"}""", role.Variables);
        Assert.Equal(["install", "slow", "webservers", "-v"], [.. role.Tags, .. role.SkipTags, .. role.Groups, .. role.ExtraArguments]);
        Assert.Equal("ansible role geerlingguy.nginx", steps[1].ToString());
    }

    private static IReadOnlyList<ProvisionStep> Load(string text) => StackText.Web(text).Provision;
}
